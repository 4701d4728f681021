# One image for every process of ours: docker-compose.yml says which command each container runs.
#   docker build -t e-supervision:0.1.0 .
# The build fetches what pip and npm need; PIP_INDEX_URL and npm_config_registry name mirrors (--build-arg).

FROM python:3.12.11-slim-bookworm AS build
ARG PIP_INDEX_URL
ARG npm_config_registry
# A compiler for the short way of events; it stays behind in this stage.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
RUN python -m venv /opt/supervision
COPY pyproject.toml hatch_build.py README.md LICENSE CHANGELOG.md ./
COPY supervision supervision
COPY rules rules
COPY streams streams
COPY dashboards dashboards
# The board's pages are built within: a hatch hook runs the Node of a wheel.
RUN /opt/supervision/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.12.11-slim-bookworm
RUN groupadd --gid 10001 supervision \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin supervision \
    && install -d -o supervision -g supervision -m 0700 /data
COPY --from=build /opt/supervision /opt/supervision
ENV PATH=/opt/supervision/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SUPERVISION_DATA=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["supervision"]
CMD ["--help"]
