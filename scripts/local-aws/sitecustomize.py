"""Loaded by Python when the local AWS starts (prove_template.py puts this folder on its path).

IAM knows no action for SQS's batch calls: on AWS, SendMessageBatch is allowed by sqs:SendMessage, DeleteMessageBatch by
sqs:DeleteMessage. The local AWS asks for actions named after the calls; this corrects that, so that the roles of the
template are judged as they are.
"""

from ministack.core import iam_actions

_named_after_the_call = iam_actions.extract_iam_action


def extract_iam_action(*arguments, **named):
    action = _named_after_the_call(*arguments, **named)
    if action and action.startswith("sqs:") and action.endswith("Batch"):
        return action.removesuffix("Batch")
    return action


iam_actions.extract_iam_action = extract_iam_action
