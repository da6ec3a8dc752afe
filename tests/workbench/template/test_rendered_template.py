from __future__ import annotations

import pytest

from workbench.errors import SynthesisError
from workbench.template.rendered_template import render_template, synthesize


def test_the_stack_has_the_name_of_a_deployed_one() -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "AWS::StackName"}}}}
    }
    rendered = render_template(template, {}, "eu-west-1")
    assert rendered["Resources"]["Topic"]["Properties"] == {"TopicName": "ipc-ai-saas"}


@pytest.mark.synth
def test_a_wrong_context_is_told_in_the_apps_own_line() -> None:
    with pytest.raises(SynthesisError, match=r"^cdk synth failed: stackName cannot be 'my_stack';[^|]*$"):
        synthesize({"stackName": "my_stack"})
