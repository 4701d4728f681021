"""The page's own files, as the build left them in `dashboards/static/`; every other path is the page itself, which routes there."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse, HTMLResponse

from dashboards.api.answers import not_found

STATIC = Path(__file__).parents[1] / "static"
FOREVER = "public, max-age=31536000, immutable"  # what the build names by its contents
_NOT_BUILT = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>e-supervision</title>
<h1>页面没有构建 · The pages are not built</h1>
<p>服务在运行,但没有网页文件。请在源码目录重新安装:<code>pip install .</code>(或者 <code>make up</code>)。</p>
<p>The server runs, but the pages' files are missing. Install again from the source tree: <code>pip install .</code>
(or <code>make up</code>).</p></html>"""


def router_of(directory: Path = STATIC) -> APIRouter:
    router = APIRouter()

    @router.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise not_found("没有这个路径。", "There is no such path.")
        found = _file(directory, path)
        if found is not None:
            is_named_by_contents = path.startswith("assets/")
            return FileResponse(found, headers={"Cache-Control": FOREVER if is_named_by_contents else "no-cache"})
        if path.startswith("assets/"):  # elsewhere a dot may stand in the id of a case
            raise not_found("没有这个文件。", "There is no such file.")
        index = directory / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, 503, headers={"Cache-Control": "no-store"})
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    return router


def _file(directory: Path, path: str) -> Path | None:
    """The file of this path within the directory, never outside of it."""
    if not path or "\0" in path:
        return None
    found = (directory / path).resolve()
    return found if found.is_relative_to(directory.resolve()) and found.is_file() else None
