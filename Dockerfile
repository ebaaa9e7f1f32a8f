# The command line of dynasmith: docker build --tag dynasmith . && docker run --rm --volume "$PWD:/project" dynasmith plan
FROM python:3.13-slim
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip install --no-cache-dir "./[crypto]"
WORKDIR /project
USER 65534:65534
ENTRYPOINT ["dynasmith"]
