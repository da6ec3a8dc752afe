"""The table over the results of events, for Athena."""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, CfnCondition, CfnResource, Fn
from aws_cdk.aws_glue import CfnDatabase, CfnTable
from aws_cdk.aws_s3 import IBucket
from constructs import Construct

from stacks.events.prefixes import RESULTS

_TABLE = "events"
# The application decides what a result is, so it is text here, for Athena's JSON functions.
_COLUMNS = {
    "request_id": "string",
    "client_request_id": "string",
    "timestamp": "string",
    "camera_id": "string",
    "received": "string",
    "frames": "map<string,string>",
    "images": "array<string>",
    "result": "string",
    "result_object": "string",
}
# From the first day that can have events until today.
_DAYS = "2026-01-01,NOW"


class EventTable(Construct):
    """A database with one table, without a crawler: Athena derives the days by partition projection.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html

    Attributes:
        name: ``DATABASE.TABLE``.
    """

    def __init__(self, scope: Construct, construct_id: str, *, bucket: IBucket, is_on: CfnCondition) -> None:
        super().__init__(scope, construct_id)
        # A database's name is unique in the account; the stack's id makes it so.
        guid = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        name = Fn.join("_", ["ipc_ai_saas", Fn.join("_", Fn.split("-", guid))])
        database = CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=CfnDatabase.DatabaseInputProperty(name=name, description=f"Events of {Aws.STACK_NAME}"),
        )
        location = f"s3://{bucket.bucket_name}/{RESULTS}"
        table = CfnTable(
            self,
            "Table",
            catalog_id=Aws.ACCOUNT_ID,
            database_name=database.ref,
            table_input=CfnTable.TableInputProperty(
                name=_TABLE,
                description="A row an event; its frames lie under the keys in 'frames'",
                table_type="EXTERNAL_TABLE",
                partition_keys=[CfnTable.ColumnProperty(name="dt", type="string")],
                parameters={
                    "classification": "json",
                    "projection.enabled": "true",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd",
                    "projection.dt.range": _DAYS,
                    "storage.location.template": f"{location}dt=${{dt}}/",
                },
                storage_descriptor=CfnTable.StorageDescriptorProperty(
                    location=location,
                    columns=[CfnTable.ColumnProperty(name=name, type=kind) for name, kind in _COLUMNS.items()],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=CfnTable.SerdeInfoProperty(serialization_library="org.openx.data.jsonserde.JsonSerDe"),
                ),
            ),
        )
        self.name = f"{database.ref}.{_TABLE}"
        for resource in (database, table):
            cast(CfnResource, resource).cfn_options.condition = is_on
