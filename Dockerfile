# For machines with an NVIDIA GPU; the libraries of CUDA come with TensorFlow's packages, the driver
# from the host (NVIDIA Container Toolkit). Not built by us: docs/cluster.md tells how, and how to
# run it.
FROM python:3.12-slim

WORKDIR /source
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY ssgan_tf ssgan_tf
RUN pip install --no-cache-dir "tensorflow[and-cuda]>=2.21,<2.22" .

# Data sets, what is downloaded or decoded once, and what is written. Anyone may write to these, so
# that `docker run --user` can name any user.
ENV SSGAN_DATASETS=/data SSGAN_CACHE=/cache/ssgan_tf KERAS_HOME=/cache/keras HOME=/cache
RUN useradd --uid 1000 --no-create-home --home-dir /cache ssgan \
    && mkdir -p /data /cache /work \
    && chmod 1777 /data /cache /work
USER ssgan
WORKDIR /work
VOLUME ["/data", "/cache", "/work"]

CMD ["ssgan-train", "--help"]
