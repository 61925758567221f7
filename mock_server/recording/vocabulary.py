"""Words of billing, which tell nothing of anybody. Free texts and terms of measurement keep them; names do not."""

from typing import Final

_WORDS: Final = (
    "a an and at by cpu cpus core cores credit created compensation day days disk disks fee finalized for from gb gib "
    "gpu gpus half hour hours in instance instances invoice invoices item items license licenses mb memory mib month "
    "months network node nodes of on paid pb per percents plan project quantity quarter quarters ram request requests "
    "resource seat seats service setup size storage support tb the tib to traffic unit units usage user users vcpu "
    "vcpus vm vms volume volumes year years"
)
VOCABULARY: Final = frozenset(_WORDS.split(" "))
