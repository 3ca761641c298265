# emospike serve, without root and with a file system that is read only (docs/live.md):
#   docker build -t emospike .
#   docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8765:8765 -e EMOSPIKE_TOKEN emospike
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/emospike \
 && /opt/emospike/bin/pip install --no-cache-dir -c constraints.txt '.[serve]'

FROM python:3.11-slim
COPY --from=build /opt/emospike /opt/emospike
# What is compiled, and what is sent, lies in memory until the end.
ENV PATH=/opt/emospike/bin:$PATH NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
WORKDIR /tmp
EXPOSE 8765
HEALTHCHECK --start-period=60s CMD \
  ["python", "-c", "import urllib.request as ask; ask.urlopen('http://127.0.0.1:8765/healthz', timeout=5)"]
ENTRYPOINT ["emospike"]
CMD ["serve", "--host", "0.0.0.0"]
