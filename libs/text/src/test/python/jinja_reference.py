"""What Python's jinja2 makes of chat templates, in the environment that transformers sets up.

    python jinja_reference.py serve               a JSON array of requests a line in, answers out
    python jinja_reference.py fill CASES.jsonl    writes what is expected into a file of cases

A request or case has "template" and "variables"; an answer has "output", or "error" (syntax,
refusal or failure) and "message". The time is always the same.
"""

import datetime
import json
import sys
import warnings

import jinja2
import jinja2.ext
import jinja2.sandbox

warnings.simplefilter("ignore", SyntaxWarning)

NOW = datetime.datetime(2024, 7, 6, 15, 4, 5, 678)


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _body(self, context, caller):
        return caller()


class Refusal(Exception):
    pass


class Namespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            Namespace._check(name)
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        Namespace._check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError("underscore")


class Dict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)

    def fromkeys(self, *args, **kwargs):
        return dict.fromkeys(*args, **kwargs)


def raise_exception(message):
    raise Refusal(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    env.globals["dict"] = Dict()
    env.globals["namespace"] = Namespace
    return env


ENVIRONMENT = environment()
PARSED = {}


def render(template, variables):
    try:
        if template not in PARSED:
            PARSED[template] = ENVIRONMENT.from_string(template)
    except Exception as e:
        return {"error": "syntax", "message": f"{type(e).__name__}: {e}"}
    try:
        output = PARSED[template].render(**variables)
        output.encode()
        return {"output": output}
    except Refusal as e:
        return {"error": "refusal", "message": str(e.args[0])}
    except Exception as e:
        return {"error": "failure", "message": f"{type(e).__name__}: {e}"}


def serve():
    for line in sys.stdin:
        requests = json.loads(line)
        answers = [render(request["template"], request["variables"]) for request in requests]
        print(json.dumps(answers), flush=True)
        PARSED.clear()


def fill(path):
    with open(path, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    with open(path, "w", encoding="utf-8") as file:
        for case in cases:
            case = {key: case[key] for key in ("name", "template", "variables")}
            case.update(render(case["template"], case["variables"]))
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["fill"] and len(sys.argv) == 3:
        fill(sys.argv[2])
    else:
        sys.exit(__doc__)
