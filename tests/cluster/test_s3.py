"""The S3 server of k8s/components/s3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.kubectl import Kubectl
from tests.cluster.overlay import S3_IMAGE, needs_image, volume, write_overlay
from tests.kube import Kube

pytestmark = pytest.mark.cluster

KEYS = {"AWS_ACCESS_KEY_ID": "tsugiki", "AWS_SECRET_ACCESS_KEY": "of-the-test"}


@pytest.fixture(scope="module")
def server(module_namespace: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """A namespace with an S3 server in it."""
    kube = module_namespace
    needs_image(kube, S3_IMAGE)
    folder = write_overlay(tmp_path_factory.mktemp("k8s") / "s3", kube.namespace, "base", "components/s3")
    with volume(kube, "data-s3-0", tmp_path_factory.mktemp("volume")):
        kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}, "stringData": KEYS})
        kube("apply", "--server-side", "--validate=strict", "-k", str(folder))
        kube("rollout", "status", "statefulset/s3", "--timeout=120s")
        yield kube


def client(port: int) -> Any:
    """A boto3 client of the server behind a local port."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


def test_it_serves_what_the_store_needs(server: Kube) -> None:
    with Kubectl("", force=False).forward(server.namespace, "svc/s3", 7070) as port:
        s3 = client(port)
        s3.create_bucket(Bucket="store")
        s3.put_object(Bucket="store", Key="a/b", Body=b"first", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(Bucket="store", Key="a/b", Body=b"second", IfNoneMatch="*")
        upload = s3.create_multipart_upload(Bucket="store", Key="large")["UploadId"]
        part = s3.upload_part(Bucket="store", Key="large", UploadId=upload, PartNumber=1, Body=bytes(5 << 20))
        s3.complete_multipart_upload(
            Bucket="store",
            Key="large",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        )
        assert [item["Key"] for item in s3.list_objects_v2(Bucket="store")["Contents"]] == ["a/b", "large"]


def test_what_it_holds_outlives_its_pod(server: Kube) -> None:
    with Kubectl("", force=False).forward(server.namespace, "svc/s3", 7070) as port:
        client(port).create_bucket(Bucket="kept")
        client(port).put_object(Bucket="kept", Key="key", Body=b"value")
    server("delete", "pod", "s3-0")
    server("rollout", "status", "statefulset/s3", "--timeout=120s")
    with Kubectl("", force=False).forward(server.namespace, "svc/s3", 7070) as port:
        assert client(port).get_object(Bucket="kept", Key="key")["Body"].read() == b"value"


def test_other_keys_are_refused(server: Kube) -> None:
    with Kubectl("", force=False).forward(server.namespace, "svc/s3", 7070) as port:
        stranger = boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="tsugiki",
            aws_secret_access_key="another",
        )
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            stranger.list_buckets()
