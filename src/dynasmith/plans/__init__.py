"""What would change? Changes, their order as steps, what each leaves behind, and the plan as a value. Pure."""
