"""Uses what is not AWS's: a provider written in the program, other packages, hooks."""

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Greeter(ResourceProvider):
    def create(self, props: dict[str, object]) -> CreateResult:
        return CreateResult("greeting", {"text": f"hello {props['who']}"})


class Greeting(Resource):
    text: pulumi.Output[str]

    def __init__(self, name: str, who: str) -> None:
        super().__init__(Greeter(), name, {"who": who, "text": None})


class Password(pulumi.CustomResource):
    result: pulumi.Output[str]

    def __init__(self, name: str, length: int) -> None:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["result"])
        super().__init__("random:index/randomPassword:RandomPassword", name, {"length": length, "result": None}, opts)


greeting = Greeting("greeting", "world")
password = Password("password", 20)
hook = pulumi.ResourceHook("told", lambda args: None)
pulumi.CustomResource(
    "aws:ssm/parameter:Parameter",
    "told",
    {"type": "SecureString", "value": password.result, "description": greeting.text},
    pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[hook]), ignore_changes=["value"]),
)
