"""What a stack would cost and how fast it would answer, simulated: workloads, laws of GPUs, policies, the optimum."""
