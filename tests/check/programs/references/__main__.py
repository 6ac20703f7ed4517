"""Looks at what others have made: the outputs of a stack, a resource that is there already."""

import pulumi


class Queue(pulumi.CustomResource):
    arn: pulumi.Output[str]

    def __init__(self, label: str, opts: pulumi.ResourceOptions | None = None, **props: pulumi.Input[object]) -> None:
        super().__init__("aws:sqs/queue:Queue", label, {"arn": None, **props}, opts)


network = pulumi.StackReference("acme/network/prod")
theirs = Queue("theirs", pulumi.ResourceOptions(id="https://queue/theirs"))
Queue("mine", kmsMasterKeyId=network.get_output("key"), policy=theirs.arn, name=pulumi.Output.concat(theirs.id, "-2"))
pulumi.export("subnet", network.require_output("subnet"))
