"""Sequences of writes that show an effect and take it back, and the changes that they are made of."""

from collections.abc import Callable

from waldur_billing_mock.contracts.stories.corrections import (
    a_compensation_lowers_every_figure,
    a_deletion_leaves_nothing_behind,
    a_move_takes_the_costs_along,
    a_quantity_changes_every_figure,
)
from waldur_billing_mock.contracts.stories.invoices import (
    a_payment_changes_the_state_alone,
    fields_are_set_one_by_one,
    refused_writes_leave_no_trace,
)
from waldur_billing_mock.contracts.trial import Trial

STORIES: tuple[Callable[[Trial], None], ...] = (
    a_quantity_changes_every_figure,
    a_compensation_lowers_every_figure,
    a_move_takes_the_costs_along,
    a_deletion_leaves_nothing_behind,
    fields_are_set_one_by_one,
    refused_writes_leave_no_trace,
    a_payment_changes_the_state_alone,
)
