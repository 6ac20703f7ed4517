"""Changes its resources on their way: all of them, those of a component, and one alone."""

import pulumi


class Queue(pulumi.CustomResource):
    def __init__(self, label: str, opts: pulumi.ResourceOptions | None = None, **props: pulumi.Input[object]) -> None:
        super().__init__("aws:sqs/queue:Queue", label, {"url": None, **props}, opts)


def step(name: str):
    def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.type_.startswith("aws:"):
            return None
        steps = args.props.get("policy", "")
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=name == "stack" or None))
        return pulumi.ResourceTransformResult({**args.props, "policy": f"{steps}{name} "}, opts)

    return change


async def later(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    return pulumi.ResourceTransformResult({**args.props, "delaySeconds": 7}, args.opts)


pulumi.runtime.register_resource_transform(step("stack"))
group = pulumi.ComponentResource("shop:index:Group", "group", None, pulumi.ResourceOptions(transforms=[step("parent")]))
Queue("alone", name="alone")
other = pulumi.StackReference("acme/other/dev")
own = pulumi.ResourceOptions(parent=group, transforms=[step("own"), later])
Queue("inside", own, kmsMasterKeyId=other.get_output("key"), name=pulumi.Output.secret("hidden"))
