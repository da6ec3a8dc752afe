from __future__ import annotations

from workbench.template.rendered_template import render_template


def test_the_stack_has_the_name_of_a_deployed_one() -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "AWS::StackName"}}}}
    }
    rendered = render_template(template, {}, "eu-west-1")
    assert rendered["Resources"]["Topic"]["Properties"] == {"TopicName": "ipc-ai-saas"}
