"""Functions get the code of the object version they were deployed from.

Written for moto 5.2.5, whose `LambdaFunction._set_function_code` reads the latest version whatever `S3ObjectVersion`
says: deploying an older version again would run the newer code.
"""

from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction, _s3_content
from moto.s3.models import s3_backends

TARGET: tuple[type, str] = (LambdaFunction, "_set_function_code")
_set_latest_code = LambdaFunction._set_function_code  # noqa: SLF001 - there is no public method to replace


def replacement(function: LambdaFunction, updated_spec: dict[str, Any]) -> None:
    """Take over the code that a request names, by the version it names; raises what Lambda answers when it is gone."""
    _set_latest_code(function, updated_spec)
    version = updated_spec.get("S3ObjectVersion")
    if version is None or updated_spec.get("DryRun"):
        return
    bucket, key = updated_spec["S3Bucket"], updated_spec["S3Key"]
    stored = s3_backends[function.account_id][function.partition].get_object(bucket, key, version)
    if stored is None:
        raise InvalidParameterValueException(
            "Error occurred while GetObject. S3 Error Code: NoSuchVersion. "
            f"S3 Error Message: the object {key} of {bucket} has no version {version}."
        )
    function.code_bytes, function.code_size, function.code_sha_256, function.code_digest = _s3_content(stored)
