# faceql serve, with its weights inside: docker build -t faceql . && docker run --rm -p 127.0.0.1:8000:8000 faceql
# With CUDA: docker build --build-arg TORCH=cu130 -t faceql:cuda . && docker run --rm --gpus all -p 127.0.0.1:8000:8000 faceql:cuda
# docs/containers.md has more.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim-bookworm AS build
# Which of PyTorch's own wheels: cpu, or a CUDA version such as cu130, which brings its libraries.
ARG TORCH=cpu
WORKDIR /src
COPY . .
RUN python -m venv /opt/faceql \
    && /opt/faceql/bin/pip install --no-cache-dir torch torchvision --index-url "https://download.pytorch.org/whl/${TORCH}" \
    && /opt/faceql/bin/pip install --no-cache-dir .

FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/faceql /opt/faceql
# Nothing is written but in /tmp: the root file system may be read-only.
ENV PATH=/opt/faceql/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
# No name is needed for a user that owns nothing.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["faceql"]
# Who may reach it is the port's publishing; who may ask, --api-key-file or FACEQL_API_KEYS.
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--allow-host", "*"]
