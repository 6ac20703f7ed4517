"""Claim: outputs and their kinds are read from the text of any generated SDK, of older and newer generators alike."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from leanto.check.sdk_source import Kind, SdkSource, snake

QUEUE = """
class _QueueState:
    @property
    @pulumi.getter
    def hidden(self) -> Optional[pulumi.Input[str]]:
        pass

class Queue(pulumi.CustomResource):
    @{b}property
    @pulumi.getter(name="dnsName")
    def dns_name(self) -> pulumi.Output[{b}str]:
        '''Text with a word: def other(self) -> str:'''

    @{b}property
    @pulumi.getter
    def tags(self) -> pulumi.Output[Optional[Mapping[str, {b}str]]]:
        pass

    @{b}property
    @pulumi.getter
    @_utilities.deprecated('''old''')
    def owner(self) -> pulumi.Output[Optional[{b}str]]:
        pass
"""
GET_QUEUE = """
@pulumi.output_type
class GetQueueResult:
    @{b}property
    @pulumi.getter
    def sizes(self) -> Optional[Sequence['outputs.GetQueueSizeResult']]:
        pass

    @{b}property
    @pulumi.getter
    def names(self) -> Sequence[{b}str]:
        pass


class AwaitableGetQueueResult(GetQueueResult):
    @pulumi.getter
    def after(self) -> {b}str:
        pass
"""
OUTPUTS = """
@pulumi.output_type
class GetQueueSizeResult(dict):
    @{b}property
    @pulumi.getter
    def maximum(self) -> {b}int:
        pass

    @{b}property
    @pulumi.getter(name="isOpen")
    def is_open(self) -> Optional[{b}bool]:
        pass

@pulumi.output_type
class Next(dict):
    @pulumi.getter
    def after(self) -> {b}str:
        pass
"""


@pytest.fixture(params=["", "builtins.", "_builtins."])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> SdkSource:
    folder = tmp_path / "pulumi_my_shop" / "store_"
    folder.mkdir(parents=True)
    for name, text in {"message_queue": QUEUE, "get_queue": GET_QUEUE, "outputs": OUTPUTS}.items():
        (folder / f"{name}.py").write_text(text.replace("{b}", request.param))
    return SdkSource(["", str(tmp_path)])


def test_a_resource_has_its_own_outputs_and_no_others(source: SdkSource) -> None:
    assert source.resource("my-shop:store/messageQueue:MessageQueue") == {
        "dnsName": Kind("text"),
        "tags": Kind("map"),
        "owner": Kind("maybe"),
    }


def test_a_function_has_the_fields_of_its_objects(source: SdkSource) -> None:
    assert source.function("my-shop:store/getQueue:getQueue") == {
        "sizes": Kind("objects", {"maximum": Kind("number"), "isOpen": Kind("flag")}),
        "names": Kind("texts"),
    }


@pytest.mark.parametrize("token", ["my-shop:store/other:Other", "absent:store/getQueue:getQueue", "odd", "a:b:c:d"])
def test_what_no_sdk_tells_is_empty(source: SdkSource, token: str) -> None:
    assert source.resource(token) == {}
    assert source.function(token) == {}


@pytest.mark.parametrize(
    ("token", "outputs"),
    [
        ("aws:sqs/queue:Queue", {"arn", "url", "tagsAll"}),
        ("aws:lambda/function:Function", {"arn", "invokeArn"}),
        ("aws:rds/cluster:Cluster", {"arn", "endpoint"}),
    ],
)
def test_the_sdk_of_aws_is_read(token: str, outputs: set[str]) -> None:
    spec = find_spec("pulumi_aws")
    assert spec is not None
    assert spec.origin is not None
    assert outputs <= SdkSource([str(Path(spec.origin).parent.parent)]).resource(token).keys()


@pytest.mark.parametrize(
    ("name", "file"),
    [("getPolicyDocument", "get_policy_document"), ("VPCEndpoint", "vpc_endpoint"), ("bucketV2", "bucket_v2")],
)
def test_files_are_named_in_lower_case(name: str, file: str) -> None:
    assert snake(name) == file
