"""The pool's bucket: what lies in it, and files put there whole, checked and encrypted, or not at all."""

import base64
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from leanto.artefacts.errors import ArtefactError, WrongContentError
from leanto.artefacts.watch import Watch

PART_BYTES = 32 << 20
MAXIMUM_PARTS = 9000
THREADS = 4
SHA256 = "sha256"
"""Under which name an object's metadata hold the SHA-256 of the whole; S3 itself checks parts only."""


@dataclass(frozen=True)
class Stored:
    """An object as S3 tells of it; `sha256` is what was checked before its upload, `kms_key` what encrypts it."""

    key: str
    bytes: int
    sha256: str
    has_checksum: bool
    kms_key: str

    def problems(self, wanted_bytes: int | None, wanted_sha256: str, kms_key: str) -> Iterator[str]:
        """Yield in what the object is not what it should be."""
        if wanted_bytes is not None and self.bytes != wanted_bytes:
            yield f"is {self.bytes} bytes, should be {wanted_bytes}"
        if self.sha256 != wanted_sha256:
            yield (
                f"was stored as SHA-256 {self.sha256}"
                if self.sha256
                else "was not stored by leanto: no SHA-256 is known"
            )
        if not self.has_checksum:
            yield "has no checksum of SHA-256 in S3"
        if _key_id(self.kms_key) != _key_id(kms_key):
            yield "is not encrypted with the stack's key"


def _key_id(key: str) -> str:
    return key.rsplit("/", 1)[-1]


class Bucket:
    """One bucket, by a boto3 client of S3. Methods raise botocore's errors where AWS refuses."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3, self.name = s3, name
        self.kms_key = self._kms_key()

    def _kms_key(self) -> str:
        found = self._s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"]["Rules"]
        for rule in found:
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            if default.get("SSEAlgorithm") == "aws:kms" and default.get("KMSMasterKeyID"):
                return str(default["KMSMasterKeyID"])
        raise ArtefactError(
            f"the bucket {self.name} does not encrypt with a key of the stack; `leanto up` sets it right"
        )

    def stored(self, key: str) -> Stored | None:
        """Return what lies under a key, None for nothing."""
        try:
            told = self._s3.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
        kms_key = told.get("SSEKMSKeyId", "") if told.get("ServerSideEncryption") == "aws:kms" else ""
        metadata = told.get("Metadata", {})
        return Stored(key, told["ContentLength"], metadata.get(SHA256, ""), "ChecksumSHA256" in told, kms_key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield every key under a prefix."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from (str(each["Key"]) for each in page.get("Contents", ()))

    def unfinished(self, prefix: str) -> Iterator[str]:
        """Yield the key of each upload that was neither finished nor given up."""
        for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name, Prefix=prefix):
            yield from (str(each["Key"]) for each in page.get("Uploads", ()))

    def read_sha256(self, key: str, watch: Watch) -> str:
        """Return the SHA-256 of an object's bytes, all of which are read."""
        answer, digest, done = self._s3.get_object(Bucket=self.name, Key=key), sha256(), 0
        for chunk in answer["Body"].iter_chunks(1 << 20):
            digest.update(chunk)
            done += len(chunk)
            watch.moved(f"{key.rsplit('/', 1)[-1]}: reading back", done, answer["ContentLength"])
        return digest.hexdigest()

    def upload(self, path: Path, key: str, wanted_sha256: str, watch: Watch) -> None:
        """Put a file under a key, in parts whose SHA-256 S3 checks; cut short, the upload is given up whole.

        Raises:
            WrongContentError: the file is not the one wanted; nothing was sent.
        """
        size = path.stat().st_size
        part_bytes = max(PART_BYTES, -(-size // MAXIMUM_PARTS))
        whole, digests = _digests(path, part_bytes, watch)
        if whole != wanted_sha256:
            raise WrongContentError(f"{path} has the SHA-256 {whole}, pinned is {wanted_sha256}; nothing was uploaded")
        where = {"Bucket": self.name, "Key": key}
        upload_id = self._s3.create_multipart_upload(
            **where,
            ChecksumAlgorithm="SHA256",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=self.kms_key,
            BucketKeyEnabled=True,
            Metadata={SHA256: whole},
        )["UploadId"]
        try:
            parts = self._send(path, {**where, "UploadId": upload_id}, part_bytes, digests, watch)
            self._s3.complete_multipart_upload(**where, UploadId=upload_id, MultipartUpload={"Parts": parts})
        except BaseException:
            self._give_up(where, upload_id, watch)
            raise

    def _send(
        self, path: Path, upload: dict[str, str], part_bytes: int, digests: list[bytes], watch: Watch
    ) -> list[dict[str, Any]]:
        """Send all parts, a few at a time, and return what completes the upload."""
        size, done, parts = path.stat().st_size, 0, []

        def send(number: int) -> tuple[dict[str, Any], int]:
            body = _slice(path, (number - 1) * part_bytes, part_bytes)
            checksum = base64.b64encode(digests[number - 1]).decode()
            told = self._s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumSHA256=checksum)
            return {"PartNumber": number, "ETag": told["ETag"], "ChecksumSHA256": checksum}, len(body)

        with ThreadPoolExecutor(THREADS) as threads:
            running: set[Future[tuple[dict[str, Any], int]]] = {
                threads.submit(send, number) for number in range(1, len(digests) + 1)
            }
            try:
                while running:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for each in ended:
                        part, sent = each.result()
                        parts.append(part)
                        done += sent
                        watch.moved(f"{path.name}: uploading", done, size)
            finally:
                threads.shutdown(wait=True, cancel_futures=True)
        return sorted(parts, key=lambda part: int(part["PartNumber"]))

    def _give_up(self, where: dict[str, str], upload_id: str, watch: Watch) -> None:
        try:
            self._s3.abort_multipart_upload(**where, UploadId=upload_id)
        except (BotoCoreError, ClientError) as error:
            watch.say(f"the parts sent of {where['Key']} could not be deleted ({error}); S3 does it within a week")


def _digests(path: Path, part_bytes: int, watch: Watch) -> tuple[str, list[bytes]]:
    """Return the SHA-256 of a file and of each part of it."""
    whole, parts, done, size = sha256(), [], 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(part_bytes):
            whole.update(chunk)
            parts.append(sha256(chunk).digest())
            done += len(chunk)
            watch.moved(f"{path.name}: checking", done, size)
    return whole.hexdigest(), parts


def _slice(path: Path, begin: int, length: int) -> bytes:
    with path.open("rb") as file:
        return os.pread(file.fileno(), length, begin)
