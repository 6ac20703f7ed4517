"""Claims about the pool's bucket: a file is there whole, checked and encrypted with the stack's key, or not at all."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from leanto.artefacts import bucket as module
from leanto.artefacts.bucket import Bucket
from leanto.artefacts.errors import ArtefactError, WrongContentError
from leanto.artefacts.watch import SILENT, Watch

KMS = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PART = 5 << 20
"""S3 takes no smaller ones, but for the last."""
CONTENT = bytes(range(256)) * (2 * PART // 256 + 100)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def encryption(key: str) -> dict[str, Any]:
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]}


@pytest.fixture
def bucket(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    monkeypatch.setattr(module, "PART_BYTES", PART)
    s3.create_bucket(Bucket="pool")
    s3.put_bucket_encryption(Bucket="pool", ServerSideEncryptionConfiguration=encryption(KMS))
    yield Bucket(s3, "pool")
    for each in s3.list_objects_v2(Bucket="pool").get("Contents", ()):
        s3.delete_object(Bucket="pool", Key=each["Key"])
    for each in s3.list_multipart_uploads(Bucket="pool").get("Uploads", ()):
        s3.abort_multipart_upload(Bucket="pool", Key=each["Key"], UploadId=each["UploadId"])
    s3.delete_bucket(Bucket="pool")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_stored_whole_with_checksums_and_the_stacks_key(bucket: Bucket, s3: Any, file: Path) -> None:
    moved: list[tuple[str, int]] = []
    bucket.upload(file, "models/k", SHA256, Watch(lambda _: None, lambda what, done, total: moved.append((what, done))))
    stored = bucket.stored("models/k")
    assert (stored.bytes, stored.sha256, stored.kms_key, stored.has_checksum) == (len(CONTENT), SHA256, KMS, True)
    assert list(stored.problems(len(CONTENT), SHA256, KMS)) == []
    assert bucket.read_sha256("models/k", SILENT) == SHA256
    head = s3.head_object(Bucket="pool", Key="models/k", ChecksumMode="ENABLED")
    parts = [hashlib.sha256(CONTENT[at : at + PART]).digest() for at in range(0, len(CONTENT), PART)]
    composite = base64.b64encode(hashlib.sha256(b"".join(parts)).digest()).decode()
    # S3 writes the number of parts behind it, moto does not.
    assert head["ChecksumSHA256"].partition("-")[0] == composite
    assert moved[-1] == ("model.gguf: uploading", len(CONTENT))


def test_an_object_is_encrypted_by_the_key_named_and_not_by_what_the_bucket_does_by_itself(bucket, file: Path) -> None:
    bucket.kms_key = KMS[:-1] + "6"
    bucket.upload(file, "models/k", SHA256, SILENT)
    assert bucket.stored("models/k").kms_key == KMS[:-1] + "6"


def test_another_file_than_the_pinned_one_never_leaves(bucket: Bucket, file: Path) -> None:
    file.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(WrongContentError, match="nothing was uploaded"):
        bucket.upload(file, "models/k", SHA256, SILENT)
    assert (bucket.stored("models/k"), list(bucket.unfinished(""))) == (None, [])


@pytest.mark.parametrize("error", [ClientError({"Error": {"Code": "AccessDenied"}}, "UploadPart"), KeyboardInterrupt()])
def test_an_upload_that_fails_leaves_nothing(bucket: Bucket, s3: Any, file: Path, monkeypatch, error) -> None:
    real, sent = s3.upload_part, []

    def upload_part(**arguments: Any) -> Any:
        sent.append(arguments["PartNumber"])
        if arguments["PartNumber"] == 2:
            raise error
        return real(**arguments)

    monkeypatch.setattr(s3, "upload_part", upload_part)
    with pytest.raises(type(error)):
        bucket.upload(file, "models/k", SHA256, SILENT)
    assert 2 in sent
    assert (bucket.stored("models/k"), list(bucket.unfinished(""))) == (None, [])


def test_a_file_that_changes_under_way_is_refused_by_s3(bucket: Bucket, file: Path, monkeypatch) -> None:
    real = module._slice
    monkeypatch.setattr(module, "_slice", lambda path, begin, length: real(path, begin, length)[::-1])
    with pytest.raises(ClientError, match=r"BadDigest|did not match"):
        bucket.upload(file, "models/k", SHA256, SILENT)
    assert (bucket.stored("models/k"), list(bucket.unfinished(""))) == (None, [])


def test_what_is_wrong_with_an_object_is_told_each_by_itself(bucket: Bucket, s3: Any, file: Path) -> None:
    s3.put_object(Bucket="pool", Key="models/k", Body=b"x", ServerSideEncryption="AES256")
    assert list(bucket.stored("models/k").problems(2, SHA256, KMS)) == [
        "is 1 bytes, should be 2",
        "was not stored by leanto: no SHA-256 is known",
        "has no checksum of SHA-256 in S3",
        "is not encrypted with the stack's key",
    ]
    bucket.upload(file, "models/k", SHA256, SILENT)
    assert list(bucket.stored("models/k").problems(None, "0" * 64, KMS[:-1] + "6")) == [
        f"was stored as SHA-256 {SHA256}",
        "is not encrypted with the stack's key",
    ]


def test_a_bucket_that_does_not_encrypt_with_a_key_is_refused(s3: Any) -> None:
    s3.create_bucket(Bucket="bare")
    try:
        with pytest.raises((ArtefactError, ClientError)):
            Bucket(s3, "bare")
        plain = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        s3.put_bucket_encryption(Bucket="bare", ServerSideEncryptionConfiguration=plain)
        with pytest.raises(ArtefactError, match="does not encrypt with a key of the stack"):
            Bucket(s3, "bare")
    finally:
        s3.delete_bucket(Bucket="bare")


def test_files_larger_than_parts_can_hold_get_larger_parts(bucket: Bucket, file: Path, monkeypatch) -> None:
    """S3 takes 10,000 parts."""
    monkeypatch.setattr(module, "MAXIMUM_PARTS", 2)
    bucket.upload(file, "models/k", SHA256, SILENT)
    assert bucket.read_sha256("models/k", SILENT) == SHA256
