"""`waldur-contracts`: judges a target, explains checks, undoes what a run left, merges reports, tells of upgrades."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from waldur_billing_mock.contracts.redaction import Caught, Redactor, SafeStream
from waldur_billing_mock.contracts.settings import PROFILES, Settings, Unusable

_MISSING: Final = "{} is missing; install it with the extra: pip install 'waldur-billing-mock[contracts]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 the contract is kept, 1 it is broken, 2 it could not be judged."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    out, err = SafeStream(sys.stdout), SafeStream(sys.stderr)
    # What libraries log says nothing of the contract, and could say what must not be shown.
    logging.getLogger().addHandler(logging.NullHandler())
    code = 2
    with Caught(Unusable, ModuleNotFoundError) as caught:
        try:
            code = _command(words)(words[1:] if words[:1] and words[0] in COMMANDS else words, out, err)
        except Unusable as error:
            err.write(f"{error}\n")
        except ModuleNotFoundError as error:
            err.write(_MISSING.format(error.name or "a library") + "\n")
        except KeyboardInterrupt:
            err.write("Interrupted before anything was judged.\n")
    if caught.error is not None:
        from waldur_billing_mock.contracts.runner import trace

        err.write(f"Error of the suite; please report this:\n{trace(caught.error)}\n")
    out.flush()
    err.flush()
    return code


def _command(words: Sequence[str]) -> Callable[[Sequence[str], SafeStream, SafeStream], int]:
    return COMMANDS.get(words[0], _judge) if words else _judge


def _judge(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Judges a target."""
    from waldur_billing_mock.contracts import options

    settings = options.settings(words)
    out.redact = err.redact = Redactor((settings.token, *settings.role_tokens.values()))

    from waldur_billing_mock.contracts.baseline import write_baseline
    from waldur_billing_mock.contracts.reports import markdown, read, report_of, terminal, write
    from waldur_billing_mock.contracts.reports.compare import differences
    from waldur_billing_mock.contracts.reports.resume import Resume
    from waldur_billing_mock.contracts.run import carry_out, prepare

    now = datetime.now(UTC)
    old = read(settings.compare) if settings.compare else None
    runner = prepare(settings, now)
    tokens = [identity.token for identity in runner.target.identities.values()]
    out.redact = err.redact = Redactor((settings.token, *settings.role_tokens.values(), *tokens))
    resume = Resume(settings.resume, runner, err.redact) if settings.resume else None
    if resume is not None:
        runner.checks = resume.remaining(runner.checks)
    expected = partial(
        terminal.expected_requests,
        writes=_writes(settings),
        profile=settings.profile.name,
        lacking=runner.context.survey.operations,
    )
    progress = terminal.Progress(err, runner.target.guard, runner.checks, expected, settings.requests_a_second)
    progress.announce()
    verdict = carry_out(runner, progress if resume is None else resume.watched(progress))
    report = report_of(verdict, resume.earlier if resume else ())
    if resume is not None and not report.stopped:
        resume.finish()
    write(report, settings, out.redact)
    if settings.write_baseline is not None:
        write_baseline(settings.write_baseline, report, now.date())
    out.write(terminal.summary(report) + "\n")
    if resume is not None and report.stopped:
        out.write(f"What was judged is kept in {settings.resume}; the same command goes on from there.\n")
    if settings.ticket:
        out.write("\n" + markdown.tickets_of(report, settings.ticket) + "\n")
    if old is not None:
        out.write("\n" + differences(old, report) + "\n")
    return report.exit_code


def _writes(settings: Settings) -> bool:
    return bool(settings.allow_writes) or (settings.in_process and not settings.read_only and not settings.deployed)


def _explain(identifiers: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Prints what the checks that the identifiers name require, and where it is described."""
    parser = argparse.ArgumentParser(
        prog="waldur-contracts explain", description="Say what a check requires; without an id, list all checks."
    )
    parser.add_argument("id", nargs="*", help="the id of a check, or its beginning")
    wanted = parser.parse_args(identifiers).id

    from waldur_billing_mock.contracts.checks import checks, explain
    from waldur_billing_mock.contracts.description import describe
    from waldur_billing_mock.contracts.reports.terminal import explanation
    from waldur_billing_mock.contracts.roles import table

    for revision in ("documents", "7.8.8"):
        description = describe(revision)
        made = checks(description, tuple(table()["sees"]), PROFILES["night"])
        found = [check for id in wanted or [""] for check in (explain(id, made) if id else made)]
        for check in found:
            out.write(f"{explanation(check, description) if wanted else check.id}\n")
        if found:
            return 0
    err.write(f"There is no check {' '.join(wanted)!r}; without an id, all are listed.\n")
    return 2


def _undo(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Undoes what a run that was killed has left changed."""
    parser = argparse.ArgumentParser(
        prog="waldur-contracts undo", description="Undo what an interrupted run has left changed."
    )
    parser.add_argument("ledger", type=Path, help="the file in which the run noted its changes")
    parser.add_argument("--token-env", metavar="NAME", required=True, help="the variable that holds the token")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="of one request")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="the certificates of an authority of your own, in PEM")
    given = parser.parse_args(words)

    from waldur_billing_mock.contracts import options
    from waldur_billing_mock.contracts.undoing import undo_ledger

    return undo_ledger(given.ledger, options.token("--token-env", given.token_env), given.timeout, given.ca, out)


def _merge(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Makes one report of the JSON reports of several shards."""
    from waldur_billing_mock.contracts.options import REPORTS

    parser = argparse.ArgumentParser(
        prog="waldur-contracts merge", description="Make one report of the JSON reports of several shards."
    )
    parser.add_argument("report", nargs="+", type=Path, help="a JSON report")
    for name in REPORTS:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write the report in {name}")
    given = parser.parse_args(words)

    from waldur_billing_mock.contracts.reports import read, terminal, write
    from waldur_billing_mock.contracts.reports.merge import merged

    report = merged([read(path) for path in given.report])
    reports = {name: getattr(given, name) for name in REPORTS if getattr(given, name)}
    write(report, Settings(reports=reports), Redactor())
    out.write(terminal.summary(report) + "\n")
    return report.exit_code


def _upgrade(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Says what an upgrade changes, and what of it touches a server's data or a recording."""
    from waldur_billing_mock.contracts.upgrade.command import run

    return run(words, out, err)


def _schema(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """Prints the JSON Schema of baseline files, or of files of options."""
    command = argparse.ArgumentParser(
        prog="waldur-contracts schema",
        description="Print the JSON Schema of baseline files, or of files of options, for editors.",
    )
    command.add_argument("of", nargs="?", choices=("baseline", "config"), default="baseline", help="of which files")
    of = command.parse_args(words).of

    import json

    from waldur_billing_mock.config_file import schema
    from waldur_billing_mock.contracts.baseline import SCHEMA
    from waldur_billing_mock.contracts.options import parser
    from waldur_billing_mock.openapi.document import read_yaml

    document = read_yaml(SCHEMA) if of == "baseline" else schema(parser(), "Options of waldur-contracts")
    out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return 0


COMMANDS: Final[Mapping[str, Callable[[Sequence[str], SafeStream, SafeStream], int]]] = {
    "explain": _explain,
    "undo": _undo,
    "merge": _merge,
    "upgrade": _upgrade,
    "schema": _schema,
}

if __name__ == "__main__":
    sys.exit(main())
