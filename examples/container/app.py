"""The program: counts the orders. It starts when the tables are there and the migrations are applied."""

from dynasmith import Project

with Project.load(env="prod") as project:
    print(f"{project.count('orders')} orders", flush=True)
