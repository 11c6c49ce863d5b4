"""Compares requests, and the answers to them, with the vendor's OpenAPI document. What isn't in it is wrong, fields that a server would overlook among it.

contract.py OPENAPI.json < recorded.json      prints what is wrong, a line each
"""
import copy
import json
import re
import sys

from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

# What 3.2.2 tells besides, by the types of the vendor's SDK 3.2.2; no document of it can be had.
SINCE = {"SearchAssetResponseDto": ["nextCursor"], "UserAdminResponseDto": ["clusterGroupId"]}


def closed(schema):
    """The same, with no room for what isn't named."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # A file stands as an empty text.
    schema = {key: closed(value) for key, value in schema.items() if (key, value) != ("format", "binary")}
    # A reference that may be null, as the vendor's generator writes it; read by the letter it could never be.
    if schema.get("nullable") and set(schema) <= {"nullable", "allOf", "description"}:
        return {"anyOf": [{"nullable": True, "enum": [None]}, *schema["allOf"]]}
    if schema.get("type") == "object" and schema.get("properties") and "additionalProperties" not in schema:
        schema["additionalProperties"] = False
    return schema


class Contract:
    def __init__(self, document):
        self.paths = document["paths"]
        schemas = closed(copy.deepcopy(document["components"]["schemas"]))
        for name, fields in SINCE.items():
            for field in fields:
                schemas[name]["properties"].setdefault(field, {})
        self.document = {"components": {"schemas": schemas}}
        self.registry = Registry().with_resource("urn:api", Resource(contents=self.document, specification=DRAFT4))

    def resolved(self, schema):
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def wrong(self, schema, value):
        absolute = json.loads(json.dumps(closed(schema)).replace('"#/components', '"urn:api#/components'))
        validator = OAS30Validator(absolute, registry=self.registry, format_checker=OAS30Validator.FORMAT_CHECKER)
        for error in validator.iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"{place or 'the whole'}: {error.message[:200]}"

    def operation(self, method, path):
        """Of several templates that fit, the one with the fewest places."""
        fits = []
        for template, operations in self.paths.items():
            pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in operations:
                fits.append((template.count("{"), template))
        return (min(fits)[1], self.paths[min(fits)[1]][method.lower()]) if fits else (None, None)

    def request(self, asked):
        template, operation = self.operation(asked["method"], asked["path"])
        if operation is None:
            yield "there is no such call"
            return
        parameters = {(one["in"], one["name"]): one for one in operation.get("parameters", [])}
        places = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)), asked["path"]).groupdict()
        values = [("path", name, value) for name, value in places.items()]
        values += [("query", name, value) for name, value in asked["query"]]
        if asked["checksum"] is not None:
            values.append(("header", "x-immich-checksum", asked["checksum"]))
        for where, name, value in values:
            known = parameters.get((where, name))
            if known is None:
                yield f"{where} {name}: isn't known"
            else:
                for wrong in self.wrong(known["schema"], self.read(known["schema"], value)):
                    yield f"{where} {name}: {wrong}"
        if asked["unread"]:
            return
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            if asked["json"] is not None or asked["fields"]:
                yield "a body isn't known"
            return
        schema = content.get(asked["content_type"], {}).get("schema")
        if schema is None:
            yield f"a body of the type {asked['content_type']} isn't known"
            return
        sent = asked["json"] if asked["content_type"] == "application/json" else self.form(schema, asked)
        yield from (f"body: {wrong}" for wrong in self.wrong(schema, sent))

    def form(self, schema, asked):
        """A form as the document that it stands for."""
        properties = self.resolved(schema).get("properties", {})
        sent = {name: self.read(properties.get(name, {}), value) for name, value in asked["fields"]}
        sent.update({file["field"]: "" for file in asked["files"]})
        if len(sent) != len(asked["fields"]) + len(asked["files"]):
            sent["a field that is there twice"] = None
        return sent

    def read(self, schema, text):
        kind = self.resolved(schema).get("type")
        try:
            if kind in ("integer", "number"):
                return int(text) if kind == "integer" else float(text)
            if kind in ("array", "object"):
                return json.loads(text)
        except ValueError:
            return text
        return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text

    def answer(self, asked):
        _, operation = self.operation(asked["method"], asked["path"])
        if operation is None or asked["status"] >= 400:
            return
        response = operation["responses"].get(str(asked["status"]))
        if response is None:
            yield f"the answer {asked['status']} isn't known"
            return
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            yield from (f"answer: {wrong}" for wrong in self.wrong(schema, asked["answer"]))


def main():
    contract = Contract(json.load(open(sys.argv[1])))
    for asked in json.load(sys.stdin):
        for wrong in [*contract.request(asked), *contract.answer(asked)]:
            print(f"{asked['method']} {re.sub(r'[0-9a-f-]{36}', '{id}', asked['path'])}: {wrong}")


main()
