"""A browser without a network: requests straight into the application, cookies kept."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

HERE = "http://board.test"


class Client:
    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=HERE)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **given))

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def delete(self, path: str, **given: Any) -> httpx.Response:
        return self.request("DELETE", path, **given)
