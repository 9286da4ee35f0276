"""The operators that stages are made of, a class for each type.

Generated from the engine's table by tools/python_operators.py: not to be edited.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from millrace._stage import Operator

__all__ = [
    "ChunkText",
    "Derive",
    "EvalAgreement",
    "EvalContract",
    "EvalRule",
    "ExactDedup",
    "Explode",
    "ImageDedup",
    "ImageFilter",
    "ImageStats",
    "Language",
    "Limit",
    "NormalizeText",
    "Plugin",
    "Python",
    "RedactPii",
    "RegexExtract",
    "RegexReplace",
    "Rename",
    "Sample",
    "Select",
    "Shuffle",
    "Template",
    "TextQuality",
    "TextStats",
    "Threshold",
    "TokenCount",
    "Unique",
    "Where",
]


def __dir__() -> list[str]:
    return __all__


class ChunkText(Operator):
    """Replaces a row by one for each part of a text. A part takes as many words or sentences as
    fit; white space stays, so that parts without overlap joined are the text. A null or empty
    text is its own only part.

    A generator; what it adds or changes: the text column, which holds the part; all others are
    copied.

    Parameters:
        field: The text column to cut. (a text)
        by: What `size` and `overlap` count: `chars` (code points), `tokens` (estimated as by
            token_count) or `sentences`, which end at `.`, `!`, `?` and white space, at such
            marks of Chinese and Japanese, and at empty lines; abbreviations are not known.
            (`chars`, `tokens` or `sentences`; default `chars`)
        size: The most that a part has: at least 16 chars, 32 tokens or 1 sentence. A word of
            more than a quarter of it may be cut. A sentence is never cut, however long. (an
            integer, 1 to 1000000000)
        overlap: How much of a part the next one repeats: as many whole words or sentences as
            this holds, at most half of `size`. (an integer, 0 to 500000000; default `0`)

    In a config:
        {id: part, type: chunk_text, field: text, by: chars, size: 2000, overlap: 200}
    """

    type = "chunk_text"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        size: int,
        by: Literal["chars", "tokens", "sentences"] | None = None,
        overlap: int | None = None,
    ) -> None:
        super().__init__(id=id, field=field, size=size, by=by, overlap=overlap)


class Derive(Operator):
    """Sets a column to the value of an expression. A row whose value cannot be computed is
    rejected; `try(x)` makes it null instead.

    A refiner; what it adds or changes: the column that it is told to set.

    Parameters:
        column: The column to set; a new one comes last. (a text)
        expr: The expression (docs/expressions.md). (a text)

    In a config:
        {id: size, type: derive, column: chars, expr: "length(trim(text))"}
    """

    type = "derive"

    def __init__(self, *, id: str, column: str, expr: str) -> None:
        super().__init__(id=id, column=column, expr=expr)


class EvalAgreement(Operator):
    """Says of each row whether two or more labels of it are the same.

    An evaluator; what it adds or changes: a finding `agree`, called `eval.<id>_agree`; where a
    label is null, it is false if others differ, else null.

    Parameters:
        fields: The columns with the labels, all of one type. (a list of texts)
        normalize: Compare texts in lower case and without white space at both ends. (true or
            false; default `false`)

    In a config:
        {id: labels, type: eval_agreement, fields: [label_ann, label_bob]}
    """

    type = "eval_agreement"

    def __init__(self, *, id: str, fields: Sequence[str], normalize: bool | None = None) -> None:
        super().__init__(id=id, fields=fields, normalize=normalize)


class EvalContract(Operator):
    """Says of each row whether it keeps the rules of a contract (required, enum, min, max,
    length, regex): after operators that changed it, or of a contract that its source does not
    have. `unique` is no rule of one row, and is left out.

    An evaluator; what it adds or changes: findings `pass`, and `reason` (null where it passes):
    the first column of the contract that breaks a rule, the rule and its threshold; called
    `eval.<id>_pass` and `eval.<id>_reason`.

    Parameters:
        contract: The name of a contract under `contracts`; if absent the one of `contract`. All
            its columns must be there, with their types. (a name)

    In a config:
        {id: strict, type: eval_contract, contract: strict}
    """

    type = "eval_contract"

    def __init__(self, *, id: str, contract: str | None = None) -> None:
        super().__init__(id=id, contract=contract)


class EvalRule(Operator):
    """Says of each row whether an expression is true of it. A row for which it cannot be
    computed does not pass, and the message says why.

    An evaluator; what it adds or changes: findings `pass` (null where the expression is null)
    and `message` (null where it passes), called `eval.<id>_pass` and `eval.<id>_message`.

    Parameters:
        expr: The expression (docs/expressions.md). (a text)
        message: What to say of a row that does not pass; if absent the expression. (one line of
            text)

    In a config:
        {id: long, type: eval_rule, expr: "length(text) >= 200", message: too short}
    """

    type = "eval_rule"

    def __init__(self, *, id: str, expr: str, message: str | None = None) -> None:
        super().__init__(id=id, expr=expr, message=message)


class ExactDedup(Operator):
    """Keeps the first of rows that are equal in the fields, in the order of the input. Values
    are compared by 128-bit digests (XXH3).

    A filter that must know of all rows that reach it.

    Parameters:
        fields: The columns to compare; together they are the key. (a list of texts, or one)
        nulls: Whether null is `equal` to null, or a row with a null among the fields is
            `exempt`. (`equal` or `exempt`; default `equal`)
        verify: Compare the values of rows whose digests are equal, too. It reads the fields
            once more. (true or false)
        index: A folder or URL that holds digests of rows beyond this stage. Rows that others
            have put there are dropped; when the stage is done, the rows it kept are there as
            well. (a path)
        index_as: The name of this stage's rows in the `index`: what is there under that name is
            not looked at, but replaced. If absent pipeline, stage and id. (a name)

    In a config:
        {id: once, type: exact_dedup, fields: [text]}
    """

    type = "exact_dedup"

    def __init__(
        self,
        *,
        id: str,
        fields: Sequence[str] | str,
        rejects: Literal["full", "keys", "count"] | None = None,
        nulls: Literal["equal", "exempt"] | None = None,
        verify: bool | None = None,
        index: str | os.PathLike[str] | None = None,
        index_as: str | None = None,
    ) -> None:
        super().__init__(
            id=id,
            fields=fields,
            rejects=rejects,
            nulls=nulls,
            verify=verify,
            index=index,
            index_as=index_as,
        )


class Explode(Operator):
    """Replaces a row by one for each element of a list, in their order. A null or empty list
    gives one row, with null.

    A generator; what it adds or changes: the list column, which holds the element; all others
    are copied.

    Parameters:
        field: The list column. (a text)

    In a config:
        {id: each, type: explode, field: answers}
    """

    type = "explode"

    def __init__(self, *, id: str, field: str) -> None:
        super().__init__(id=id, field=field)


class ImageDedup(Operator):
    """Keeps the first of images that look alike: scaled, compressed or made a little brighter.
    Images are compared by a hash of 64 bits, as `image_stats` gives it; an image is dropped
    when an earlier one that is kept differs from it in at most `distance` of them. It is
    compared with those that are kept alone, in the order of the input: of a, b and c, where b
    is like a and c only like b, a and c are kept. The reject names the first such image as its
    threshold, and the distance as its value. What cannot be decoded (JPEG, PNG and WebP can)
    and null are like nothing and kept.

    A filter that must know of all rows that reach it.

    Source: dHash: Neal Krawetz, "Kind of Like That", The Hacker Factor Blog, 21 January 2013;
    here over areas of the whole image, without scaling it first

    Parameters:
        field: The column of images: binary, or a struct with a member `bytes` that is. (a text)
        distance: In so many of the 64 bits two images may differ and look alike. With 0 only
            those of equal hashes do; above about 10 different ones begin to. The larger, the
            more work. (an integer, 0 to 16; default `4`)
        pixels_max: Larger images are not decoded, and kept. Up to 6 bytes a pixel are held
            while one is; those of more than 2 million pixels are decoded one at a time. (an
            integer, 1 to 200000000; default `25000000`)
        bytes_max: Images of more bytes are not decoded, and kept. (a size, for example 512MiB,
            at least 1 B; default `64MiB`)

    In a config:
        {id: once, type: image_dedup, field: image, distance: 4}
    """

    type = "image_dedup"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        rejects: Literal["full", "keys", "count"] | None = None,
        distance: int | None = None,
        pixels_max: int | None = None,
        bytes_max: int | str | None = None,
    ) -> None:
        super().__init__(
            id=id,
            field=field,
            rejects=rejects,
            distance=distance,
            pixels_max=pixels_max,
            bytes_max=bytes_max,
        )


class ImageFilter(Operator):
    """Keeps images by format and size, as their headers tell (JPEG, PNG, WebP, GIF, BMP;
    nothing is decoded). Bounds are included. What is null, of another format or has a damaged
    header is dropped.

    A filter.

    Parameters:
        field: The column of images: binary, or a struct with a member `bytes`. (a text)
        formats: Which formats to keep: `jpeg`, `png`, `webp`, `gif`, `bmp`; if absent all of
            these. (a list of texts, or one)
        width_min: The smallest width, in pixels. (an integer, at least 0)
        width_max: The largest width, in pixels. (an integer, at least 0)
        height_min: The smallest height, in pixels. (an integer, at least 0)
        height_max: The largest height, in pixels. (an integer, at least 0)
        aspect_min: The smallest width by height. (a number, 0 to 1000000)
        aspect_max: The largest width by height. (a number, 0 to 1000000)
        bytes_min: The smallest size in bytes. (a size, for example 512MiB, at least 0 B)
        bytes_max: The largest size in bytes. (a size, for example 512MiB, at least 0 B)

    In a config:
        {id: usable, type: image_filter, field: image, formats: [jpeg, png], width_min: 256,
            height_min: 256}
    """

    type = "image_filter"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        formats: Sequence[str] | str | None = None,
        width_min: int | None = None,
        width_max: int | None = None,
        height_min: int | None = None,
        height_max: int | None = None,
        aspect_min: float | None = None,
        aspect_max: float | None = None,
        bytes_min: int | str | None = None,
        bytes_max: int | str | None = None,
    ) -> None:
        super().__init__(
            id=id,
            field=field,
            action=action,
            rejects=rejects,
            formats=formats,
            width_min=width_min,
            width_max=width_max,
            height_min=height_min,
            height_max=height_max,
            aspect_min=aspect_min,
            aspect_max=aspect_max,
            bytes_min=bytes_min,
            bytes_max=bytes_max,
        )


class ImageStats(Operator):
    """Measures images. Format and size come from the header (JPEG, PNG, WebP, GIF, BMP); for
    `sharpness`, `entropy` and `hash` the image is decoded (JPEG, PNG, WebP). What cannot be
    measured is null, and `<id>_reason` says why: `unknown format`, `not decoded`, `damaged`,
    `animated`, `too many pixels`, `too many bytes`.

    A score; what it adds or changes: fields `<id>_format`, `<id>_reason` and `<id>_hash` (64
    bits as hex, which images that look alike share: `exact_dedup` by it keeps the first of
    them); measures `width`, `height`, `bytes`, `aspect` (width by height), `sharpness` (the
    variance of the Laplacian of the brightness: a blurred photo has less than about 100) and
    `entropy` (bits of the distribution of brightness, 0 to 8).

    Parameters:
        field: The column of images: binary, or a struct with a member `bytes` that is. (a text)
        pixels_max: Larger images are not decoded. Up to 6 bytes a pixel are held while one is;
            those of more than 2 million pixels are decoded one at a time. (an integer, 1 to
            200000000; default `25000000`)
        bytes_max: Images of more bytes are not decoded. (a size, for example 512MiB, at least 1
            B; default `64MiB`)

    In a config:
        {id: picture, type: image_stats, field: image}
    """

    type = "image_stats"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        pixels_max: int | None = None,
        bytes_max: int | str | None = None,
    ) -> None:
        super().__init__(id=id, field=field, pixels_max=pixels_max, bytes_max=bytes_max)


class Language(Operator):
    """Tells which of 83 languages a text is in, by quadgrams and words (CLD2). Short texts,
    names and mixtures are often told wrong; `und` is what it could not tell. Null of a null.

    A score; what it adds or changes: fields `<id>_label`, the code of the language (`en`, `de`,
    `zh`, `zh-Hant`, `und`), and `<id>_score`, the share of the text that it is in, from 0 to 1;
    0 for `und`.

    Source: Compact Language Detector 2, Google, https://github.com/CLD2Owners/cld2

    Parameters:
        field: The text column to look at. (a text)
        bytes_max: How much of a text is looked at, from its beginning. (a size, for example
            512MiB, 64 B to 16 MiB; default `64KiB`)

    In a config:
        {id: lang, type: language, field: text}
    """

    type = "language"

    def __init__(self, *, id: str, field: str, bytes_max: int | str | None = None) -> None:
        super().__init__(id=id, field=field, bytes_max=bytes_max)


class Limit(Operator):
    """Keeps the first rows that reach it, in the order of the input. The others count as not
    drawn.

    A filter that must know of all rows that reach it.

    Parameters:
        rows: How many rows to keep. (an integer, at least 0)

    In a config:
        {id: head, type: limit, rows: 1000000}
    """

    type = "limit"

    def __init__(
        self,
        *,
        id: str,
        rows: int,
        rejects: Literal["full", "keys", "count"] | None = None,
    ) -> None:
        super().__init__(id=id, rows=rows, rejects=rejects)


class NormalizeText(Operator):
    """Writes a text in one way: Unicode's normal form, no control characters, tidy white space.
    In this order: mojibake, control characters, normal form, white space.

    A refiner; what it adds or changes: the text column that it is told to change.

    Source: The Unicode Consortium, Unicode Normalization Forms, Unicode Standard Annex 15;
    character data of utf8proc 2.8 (Unicode 15.0)

    Parameters:
        field: The text column to change. (a text)
        form: Unicode's normal form (UAX 15). `nfc` changes nothing that one can see; `nfkc`
            also replaces ligatures, full-width letters, superscripts and the like by plain
            ones. (`none`, `nfc` or `nfkc`; default `nfc`)
        whitespace: `trim` removes it from both ends. `lines` also makes one blank of each run
            within a line and leaves at most one empty line between others. `collapse` makes one
            blank of each run, line ends included. (`keep`, `trim`, `lines` or `collapse`;
            default `keep`)
        control: `drop` removes control characters but tab and line feed, and byte order marks;
            a carriage return with or without a line feed becomes a line feed. (`keep` or
            `drop`; default `drop`)
        mojibake: `repair` undoes UTF-8 that was read as cp1252 (`cafÃ©` becomes `café`), on
            lines where all characters beyond ASCII are such readings; others are left alone.
            (`keep` or `repair`; default `keep`)

    In a config:
        {id: tidy, type: normalize_text, field: text, form: nfc}
    """

    type = "normalize_text"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        form: Literal["none", "nfc", "nfkc"] | None = None,
        whitespace: Literal["keep", "trim", "lines", "collapse"] | None = None,
        control: Literal["keep", "drop"] | None = None,
        mojibake: Literal["keep", "repair"] | None = None,
    ) -> None:
        super().__init__(
            id=id,
            field=field,
            form=form,
            whitespace=whitespace,
            control=control,
            mojibake=mojibake,
        )


class Plugin(Operator):
    """An operator of a shared library of your own (docs/guides/plugins.md). Its kind is what
    the library says; what it gives is checked like that of any operator of that kind, and the
    library's content is part of what the stage is.

    Of the kind that it says itself; what it adds or changes: what its kind may and the library
    says.

    Parameters:
        library: The shared library. It is loaded into the process, also to check the config:
            use none that you do not trust. (a path)
        operator: Which of its operators. (a text)
        options: The operator's own options, by name; the library says which it has. (a map from
            names to texts)

    In a config:
        {id: vowels, type: plugin, library: ./libtext.so, operator: count_letters, options:
            {field: text, letters: aeiou}}
    """

    type = "plugin"

    def __init__(
        self,
        *,
        id: str,
        library: str | os.PathLike[str],
        operator: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            id=id,
            library=library,
            operator=operator,
            action=action,
            rejects=rejects,
            options=options,
        )


class Python(Operator):
    """A function or class of a Python program (docs/guides/custom_operators.md). Its kind is
    what `@millrace.operator` says; what it gives is checked like that of any operator of that
    kind, and its source is part of what the stage is. It runs where Python has loaded the
    config: the command refuses it.

    Of the kind that it says itself; what it adds or changes: what its kind may and the operator
    says.

    Parameters:
        entry: Where it is, as `module:name`. The module is imported, also to check the config:
            use none that you do not trust. (a text)
        options: The operator's own parameters, by name; those that are no texts as JSON. (a map
            from names to texts)

    In a config:
        {id: shout, type: python, entry: "scorers:capitals", options: {field: text, least: 3}}
    """

    type = "python"

    def __init__(
        self,
        *,
        id: str,
        entry: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(id=id, entry=entry, action=action, rejects=rejects, options=options)


class RedactPii(Operator):
    """Replaces what looks like personal data in a text: e-mail addresses, phone numbers, public
    IP addresses, IBANs and payment cards. By shape and check digits alone
    (docs/model_contract.md has the rules): names, postal addresses and national ids stay, and
    so does what is written in another way.

    A refiner; what it adds or changes: the text column that it is told to change.

    Source: check digits: ISO/IEC 7812-1 (Luhn) for cards, ISO 13616 with ISO 7064 MOD 97-10 for
    IBANs; IP ranges: IANA's special-purpose address registries

    Parameters:
        field: The text column to change. (a text)
        kinds: Of `email`, `phone`, `ipv4`, `ipv6`, `iban` and `card`; all of them if absent.
            Addresses of private, local and documentation ranges are left as they are. (a list
            of texts, or one)
        mode: `tag` puts `<EMAIL>`, `<PHONE>`, `<IP>`, `<IBAN>` or `<CARD>`. `pseudonym` puts
            `<EMAIL_kbdmpfacnloehgij>`: 16 letters of a keyed hash (HMAC-SHA256), the same for
            the same address or number in any spelling of case and separators. (`tag` or
            `pseudonym`; default `tag`)
        key: The key of pseudonyms, a reference such as `${env:NAME}`. Whoever has it can try
            values out; with another key all pseudonyms are others. (a text)

    In a config:
        {id: pii, type: redact_pii, field: text, kinds: [email, phone]}
    """

    type = "redact_pii"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        kinds: Sequence[str] | str | None = None,
        mode: Literal["tag", "pseudonym"] | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(id=id, field=field, kinds=kinds, mode=mode, key=key)


class RegexExtract(Operator):
    """Takes the named groups of a pattern out of a text, of the first place that matches.

    A score; what it adds or changes: a text field `<id>_<group>` for each named group: null
    where nothing matches, empty where the group had no part in the match.

    Parameters:
        field: The text column to read. (a text)
        pattern: What to find, in the syntax of RE2, with a `(?P<name>...)` around each part
            that is to be a field: `https?://(?P<host>[^/]+)`. (a text)

    In a config:
        {id: url, type: regex_extract, field: url, pattern: "//(?P<host>[^/]+)"}
    """

    type = "regex_extract"

    def __init__(self, *, id: str, field: str, pattern: str) -> None:
        super().__init__(id=id, field=field, pattern=pattern)


class RegexReplace(Operator):
    """Replaces all that a pattern matches in a text. A text stays null where it is null.

    A refiner; what it adds or changes: the text column that it is told to change.

    Parameters:
        field: The text column to change. (a text)
        pattern: What to replace, in the syntax of RE2: no look-around, no back references, and
            linear time. `(?i)` in front ignores case, `(?s)` lets `.` match line ends, `(?m)`
            lets `^` and `$` match at them. (a text)
        replacement: What to put there: `\\0` is all that matched, `\\1` to `\\9` the groups, `\\\\`
            a backslash. Empty: it is removed. (a text)

    In a config:
        {id: gaps, type: regex_replace, field: text, pattern: "[ ]+", replacement: " "}
    """

    type = "regex_replace"

    def __init__(self, *, id: str, field: str, pattern: str, replacement: str) -> None:
        super().__init__(id=id, field=field, pattern=pattern, replacement=replacement)


class Rename(Operator):
    """Gives columns other names; they keep their places.

    A refiner; what it adds or changes: the columns by their new names.

    Parameters:
        columns: The new name of each column, by its old one. (a map from names to texts)

    In a config:
        {id: names, type: rename, columns: {body: text}}
    """

    type = "rename"

    def __init__(self, *, id: str, columns: Mapping[str, str]) -> None:
        super().__init__(id=id, columns=columns)


class Sample(Operator):
    """Draws a share of the rows by the hash of their ids, so that a row is drawn or not
    whatever other rows there are. The others count as not drawn.

    A filter.

    Parameters:
        fraction: Which share of the rows to keep, about. (a number, 0 to 1)
        seed: Samples with equal seeds draw the same rows, the smaller among those of the
            larger. If absent it is made of the pipeline's `seed` and the instance's id. (an
            integer, at least 0)

    In a config:
        {id: tenth, type: sample, fraction: 0.1}
    """

    type = "sample"

    def __init__(
        self,
        *,
        id: str,
        fraction: float,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(id=id, fraction=fraction, action=action, rejects=rejects, seed=seed)


class Select(Operator):
    """Goes on with some columns and leaves out the others. Row ids and measures stay.

    A refiner; what it adds or changes: removes columns.

    Parameters:
        columns: The columns to keep, in the order wanted. (a list of texts)
        drop: Instead: the columns to leave out. (a list of texts)

    In a config:
        {id: slim, type: select, columns: [id, text]}
    """

    type = "select"

    def __init__(
        self,
        *,
        id: str,
        columns: Sequence[str] | None = None,
        drop: Sequence[str] | None = None,
    ) -> None:
        super().__init__(id=id, columns=columns, drop=drop)


class Shuffle(Operator):
    """Puts all rows of the stage into a random order: that of a hash (XXH3) of their row ids
    under the seed. The last operator of its stage.

    A refiner that must know of all rows that reach it.

    Parameters:
        seed: Another order for another seed; if absent the pipeline's. (an integer, at least 0)

    In a config:
        {id: mixed, type: shuffle}
    """

    type = "shuffle"

    def __init__(self, *, id: str, seed: int | None = None) -> None:
        super().__init__(id=id, seed=seed)


class Template(Operator):
    """Sets a text column to a template filled from the row: `{{ title | trim }} ({{ year }})`.
    A null is empty unless `default` gives it a text.

    A generator; what it adds or changes: the column that it is told to set.

    Parameters:
        column: The column to set; a new one comes last. (a text)
        template: The template (docs/prompts.md has the language and its filters). (a text)

    In a config:
        {id: prompt, type: template, column: prompt, template: "Question: {{ question }}"}
    """

    type = "template"

    def __init__(self, *, id: str, column: str, template: str) -> None:
        super().__init__(id=id, column=column, template=template)


class TextQuality(Operator):
    """Measures what the filters of Gopher, C4 and FineWeb ask of web text, for `where` to judge
    by: their lines, words and repetitions. Words are runs between white space, so that figures
    differ a little from those of tools that split words otherwise. Null of a null.

    A score; what it adds or changes: measures, shares from 0 to 1 where nothing else is said.
    Of lines that are not blank, without white space at their ends: `bullet_lines` (begin with
    `-`, `*` or a bullet; Gopher: at most 0.9), `ellipsis_lines` (end with an ellipsis; Gopher:
    at most 0.3), `punct_lines` (end with a full stop, question mark, quote or the like; C4
    keeps such lines alone, FineWeb: at least 0.12), `short_lines` (30 code points or fewer;
    FineWeb: at most 0.67); of words: `word_length` (mean code points; Gopher: 3 to 10),
    `alpha_words` (share with a letter; Gopher: at least 0.8), `hashes_per_word` and
    `ellipses_per_word` (Gopher: at most 0.1), `stop_words` (how many of the, be, to, of, and,
    that, have, with there are; Gopher: at least 2 in English); and what repeats: `dup_lines`,
    `dup_paragraphs` (Gopher: at most 0.3), `dup_line_chars` (Gopher: at most 0.2, FineWeb:
    0.1), `dup_paragraph_chars` (Gopher: at most 0.2), `top_2gram`, `top_3gram`, `top_4gram` (of
    characters, in the most frequent n-gram; Gopher: at most 0.2, 0.18, 0.16), `dup_5gram` to
    `dup_10gram` (of characters, in n-grams that were there before; Gopher: at most 0.15, 0.14,
    0.13, 0.12, 0.11, 0.1).

    Source: Rae et al., Scaling Language Models: Methods, Analysis & Insights from Training
    Gopher, arXiv:2112.11446 (2021), appendix A1; Raffel et al., Exploring the Limits of
    Transfer Learning with a Unified Text-to-Text Transformer, JMLR 21 (2020), section 2.2;
    Penedo et al., The FineWeb Datasets, arXiv:2406.17557 (2024), section 3.6

    Parameters:
        field: The text column to measure. (a text)
        repetition: Whether to measure what repeats, which takes most of the time. (true or
            false; default `true`)

    In a config:
        {id: quality, type: text_quality, field: text}
    """

    type = "text_quality"

    def __init__(self, *, id: str, field: str, repetition: bool | None = None) -> None:
        super().__init__(id=id, field=field, repetition=repetition)


class TextStats(Operator):
    """Measures a text: its length and what it is made of. Null of a null.

    A score; what it adds or changes: measures `bytes`, `chars` (code points), `words` (runs
    between white space), `lines`, `line_max` (code points of the longest line), `word_length`
    (mean code points), and the shares of all code points that are `letters`, `digits` and
    `spaces`, from 0 to 1.

    Parameters:
        field: The text column to measure. (a text)

    In a config:
        {id: stats, type: text_stats, field: text}
    """

    type = "text_stats"

    def __init__(self, *, id: str, field: str) -> None:
        super().__init__(id=id, field=field)


class Threshold(Operator):
    """Keeps the rows in which a number lies within bounds, both of them included. With `action:
    tag` the bounds can be moved later without measuring again (`millrace rethreshold`).

    A filter.

    Parameters:
        field: The column or measure (`id.measure`). (a text)
        min: The smallest number that is kept; if absent there is no such bound. (a number,
            -1000000000000000 to 1000000000000000)
        max: The largest number that is kept; if absent there is no such bound. (a number,
            -1000000000000000 to 1000000000000000)
        nulls: Whether rows with a null, or with NaN, pass. (`drop` or `keep`; default `drop`)

    In a config:
        {id: long, type: threshold, field: stats.words, min: 50, max: 100000}
    """

    type = "threshold"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        min: float | None = None,
        max: float | None = None,
        nulls: Literal["drop", "keep"] | None = None,
    ) -> None:
        super().__init__(
            id=id,
            field=field,
            action=action,
            rejects=rejects,
            min=min,
            max=max,
            nulls=nulls,
        )


class TokenCount(Operator):
    """Counts the tokens that a model would see in a text, or estimates their number. Null of a
    null.

    A score; what it adds or changes: measure `tokens`.

    Parameters:
        field: The text column to measure. (a text)
        method: `approx` counts by rules, without a model's own tokenizer: words by their
            length, numbers by three digits, other scripts by the character. It is fitted to
            o200k_base: off by 7 % on average over texts of 400 to 3,000 characters in 34
            languages, source code, JSON and HTML, by less than 14 % for nine in ten, by 32 % at
            worst. A tokenizer of half that vocabulary (cl100k_base) makes as many of English
            and code, but 1.7 times as many of the other languages together. `sentencepiece`
            counts with a model's own tokenizer, without marks of beginning and end.
            `tokenizer_json` does so with a `tokenizer.json` of Hugging Face, as the package
            tokenizers does: `encode(text, add_special_tokens=False)`, whatever the file says of
            truncation and padding. (`approx`, `sentencepiece` or `tokenizer_json`; default
            `approx`)
        model: The file of a SentencePiece model (unigram or BPE), as `tokenizer.model` of many
            language models is, or a `tokenizer.json`. Its content is part of what the stage is.
            Of a `tokenizer.json` what is not known here is refused by its name. Known are: the
            models BPE (without dropout), Unigram, WordLevel and WordPiece; all normalizers but
            ByteLevel; all pre-tokenizers but FixedLength and UnicodeScripts; added tokens of
            all kinds; patterns of Oniguruma without look-behind, back references, lazy
            repetitions and `&&`. (a path)

    In a config:
        {id: tokens, type: token_count, field: text}
    """

    type = "token_count"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        method: Literal["approx", "sentencepiece", "tokenizer_json"] | None = None,
        model: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(id=id, field=field, method=method, model=model)


class Unique(Operator):
    """Keeps the first of rows with the same value, as `unique: true` of a contract's column
    does; null is exempt.

    A filter that must know of all rows that reach it.

    Parameters:
        field: The column whose values are to be unique. (a text)

    In a config:
        {id: by_url, type: unique, field: url}
    """

    type = "unique"

    def __init__(
        self,
        *,
        id: str,
        field: str,
        rejects: Literal["full", "keys", "count"] | None = None,
    ) -> None:
        super().__init__(id=id, field=field, rejects=rejects)


class Where(Operator):
    """Keeps the rows that an expression is true of; where it is false or null, they are
    dropped.

    A filter.

    Parameters:
        expr: The expression (docs/expressions.md). `id.measure` reads a measure of an earlier
            instance. (a text)

    In a config:
        {id: keep, type: where, expr: "lang = 'en' and stats.words >= 50"}
    """

    type = "where"

    def __init__(
        self,
        *,
        id: str,
        expr: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
    ) -> None:
        super().__init__(id=id, expr=expr, action=action, rejects=rejects)
