"""`inspect-app demo-accounts`: who may log in to the demo, and as what."""

import click
from rich.table import Table
from sqlalchemy import select

from inspect_app.cli.edge import command_transaction, console
from inspect_app.domain.access import Role
from inspect_app.models import Account, Grid, Person, Post
from inspect_app.workflows.seed_county import PASSWORD


@click.command("demo-accounts")
def command() -> None:
    """Show the accounts of the demo county."""
    table = Table("login", "password", "role", "person", "grid")
    with command_transaction() as session:
        rows = session.execute(
            select(Account.login, Post.role, Person.name, Person.position, Grid.name)
            .join(Person, Person.id == Account.person_id)
            .join(Post, Post.person_id == Person.id)
            .outerjoin(Grid, Grid.id == Post.grid_id)
            .order_by(Account.id)
        ).all()
    for login, role, name, position, grid in rows:
        label = f"{role} {Role(role).label}"
        table.add_row(login, PASSWORD, label, f"{name} ({position})", grid or "the whole county")
    console.print(table)
