#include "base/error_pages.h"

#include <algorithm>
#include <cctype>

#include "base/status.h"

namespace millrace {
namespace {

constexpr ErrorPage kPages[] = {
    {ErrorCode::kYamlSyntax,
     "The text of the config cannot be parsed. YAML is read here without its surprises: no tags, "
     "one document, aliases only within bounds. JSON is read by the same parser.",
     R"(pipeline.yaml:3:38: error MR1001: illegal flow end
  3 | sources: {s: {type: csv, path: [a.csv}}
    |                                      ^)",
     "Look at the line and the character that the message points at, and at the line before it: "
     "most often a quote, a bracket or a level of indentation is missing."},
    {ErrorCode::kUnsupportedVersion,
     "`version` at the top of a config says which form of config it is. This program reads one.",
     R"(pipeline.yaml:1:10: error MR1002: this program reads configs of version 1, not 2)",
     "Write `version: 1`, or use the program that the config was written for."},
    {ErrorCode::kBadParameter,
     "A value of `params` is missing, or --set names one that the config does not declare.",
     R"(pipeline.yaml: error MR1003: the config has no parameter `date`
  help: did you mean `dt`?)",
     "Declare the parameter under `params`, give it a value there or with --set name=value, or "
     "correct its name."},
    {ErrorCode::kWrongType,
     "A key is known, but what stands there is of another kind: a list where a text is wanted, a "
     "word where a number is.",
     R"(pipeline.yaml:3:19: error MR1201: `threads` must be an integer, not `many`
  3 | limits: {threads: many}
    |                   ^^^^)",
     "docs/config.md says what every key takes. An editor that is given `millrace schema` marks "
     "such places while you type."},
    {ErrorCode::kMissingKey,
     "An object lacks a key that it cannot do without, such as the `path` of a source.",
     R"(pipeline.yaml:4:3: error MR1202: `path` is missing in the source `s`)",
     "Add the key; docs/config.md lists what is required."},
    {ErrorCode::kUnknownKey,
     "A key means nothing where it stands. It is refused, because a key that is passed over "
     "silently is a setting that somebody believes in.",
     R"(pipeline.yaml:3:1: error MR1203: `sorces` is not a key of a pipeline
  help: did you mean `sources`?)",
     "Correct the spelling, or move the key to the object that it belongs to (docs/config.md)."},
    {ErrorCode::kDuplicateName,
     "A name stands twice where only one can count: a key, a column of an export, a target.",
     R"(pipeline.yaml:12:18: error MR1204: `a` is named twice)",
     "Remove or rename one of the two."},
    {ErrorCode::kBadValue,
     "A value is of the right kind and still not allowed: not one of the choices, out of bounds, "
     "or in contradiction to another one. A CSV file whose header repeats a name is told this "
     "way, too.",
     R"(pipeline.yaml:5:14: error MR1205: `type` cannot be `cvs`
  help: did you mean `csv`?)",
     "The message names what is allowed. For a header that repeats names, give the source "
     "`columns: [...]`; `millrace init` proposes them."},
    {ErrorCode::kUnknownReference,
     "A name refers to something that is not there: a contract, a source under `from`, a column "
     "of an export.",
     R"(pipeline.yaml:3:49: error MR1206: there is no contract `ticket`
  3 | sources: {s: {type: csv, path: a.csv, contract: ticket}}
    |                                                 ^^^^^^
  help: did you mean `tickets`?)",
     "Correct the name, or declare what it refers to."},
    {ErrorCode::kSecretInClear,
     "A password, token or key is written into the config. Configs are stored in workspaces and "
     "kept in version control, so secrets may only be referred to.",
     R"(pipeline.yaml:7:16: error MR1207: the value of `api_token` is written in clear)",
     "Replace it by ${env:NAME}, ${file:path} or ${vault:path#field} (docs/secrets.md), and change "
     "the secret if the file has been shared."},
    {ErrorCode::kUnresolvedReference,
     "A ${env:...} or ${file:...} has nothing to stand for: the variable is not set, or the file "
     "cannot be read.",
     R"(pipeline.yaml:6:13: error MR1208: the file `no_such_key.txt` cannot be read)",
     "Set the variable or provide the file where the program runs. A ${ that is meant as text is "
     "written $${."},
    {ErrorCode::kBadExpression,
     "An expression of a column, or a template of a prompt, cannot be parsed, uses what does not "
     "exist, or gives a value of another type than the column declares.",
     R"x(pipeline.yaml:4:40: error MR1301: there is no function `uper`
  4 | contract: {columns: {a: {from: {expr: "uper(b)"}}}}
    |                                        ^^^^
  help: did you mean `upper`?)x",
     "The caret stands under the character. docs/expressions.md has all functions and types."},
    {ErrorCode::kMissingColumn,
     "A file does not have a column that the contract reads. All such columns of a file are told "
     "at once, with the closest names that the file has.",
     R"(pipeline.yaml:10:35: error MR1401: the file has no column `idnet`, which column `id` reads
  help: did you mean `ident`?)",
     "Correct `from` of the column, or say where other sources have it. If the file is the one "
     "that is wrong, leave it out, or ask for a good one: `millrace check` gives the verdict."},
    {ErrorCode::kUnknownColumn,
     "The contract says `unknown_columns: fail`, and a file has a column that it does not name.",
     R"(pipeline.yaml:5:3: error MR1402: the file has the column `b`, which the contract does not know)",
     "Add the column to the contract, or let it pass: `unknown_columns: drop` or `keep`."},
    {ErrorCode::kUnreadablePath,
     "A path or pattern of the config or of the command line leads to nothing that can be read: "
     "it is not there, matches no file, is empty of files of the format, or is packed in a way "
     "that is not read. A source of type `dataset` has no path: a Python program hands its rows "
     "in, and a command, or a run that was given none, has nothing to read.",
     R"(pipeline.yaml:4:23: error MR1501: `in/z.csv` is not there
  help: in /data/in there are for example a.csv, b.csv)",
     "Paths are relative to the folder of the config, patterns and object keys are sensitive to "
     "case. The message says what there is instead. A pipeline over a dataset is run from Python, "
     "with a dataset for each such source (docs/guides/python.md)."},
    {ErrorCode::kReleaseExists,
     "The target of an export holds a release with other content. It is not replaced, because "
     "somebody may be reading it.",
     R"(pipeline.yaml:14:3: error MR1502: the export "out" would replace the release 39b5844baeee21bf)",
     "Set `overwrite: true` on the export, which adds the new release beside the old one and "
     "moves LATEST.json, or give another path."},
    {ErrorCode::kUnknownDialect,
     "How a file is written cannot be told with enough confidence: its delimiter, its quotes, "
     "its header, its encoding, or the places of fixed columns. A wrong guess would shift values "
     "into other columns, so the file is refused.",
     R"(pipeline.yaml:3:32: error MR1503: how the file is written cannot be told with confidence (33 %, less than 60 %): the delimiter `;` gives 3 fields in most of 6 records; a tab as a delimiter explains the file nearly as well
  help: if it is right, write `dialect: {encoding: utf-8, delimiter: ";", ...}`, or `dialect: guess`)",
     "Look at the proposal of the message (or `millrace inspect FILE --dialect`), correct it, and "
     "paste it into the source. `dialect: guess` takes the best guess."},
    {ErrorCode::kOperatorFailed,
     "A function or class that a Python program gave as an operator raised an exception. The "
     "message names the instance and the rows of the batch, and the row itself where the operator "
     "raised `millrace.RowError`; the exception is the cause of the error in Python. Nothing of "
     "the split is committed.",
     R"(millrace: error MR1504: operator `len` (`scorers:length`) raised ValueError in a batch of 2 rows, train/rows#0 to train/rows#1: no text
  help: what is committed stays; mend it and run again)",
     "Mend the operator and run again: splits that were committed before are not done again, "
     "unless the change of its source makes it another operator. A row that it cannot work on is "
     "better rejected than raised about: `context.reject` (docs/guides/custom_operators.md)."},
    {ErrorCode::kHookRaised,
     "A function that a Python program gave to `run(hooks=...)` raised an exception. What it was "
     "told of is committed; the run has ended, and is unfinished.",
     R"(millrace: error MR1505: a hook raised ValueError at stage_end of `quality`: no such table)",
     "Mend the hook and run again: the run goes on from what is committed. Splits that are "
     "committed are not told of a second time (docs/hooks.md)."},
    {ErrorCode::kNoDataset,
     "A source of `type: dataset` reads rows that Python holds, and none were handed in for it; or "
     "some were handed in under a name that is no such source.",
     R"(pipeline.yaml:3:3: error MR1506: the source `train` is a dataset, and none was handed in
  help: hand it in from Python: `millrace.Pipeline.from_yaml(...).run(dataset)` (docs/guides/python.md))",
     "Hand the dataset in from Python, under the name of its source. The command line has none to "
     "hand in: `type: hf` reads a dataset that is stored in a folder."},
    {ErrorCode::kNotCommitted,
     "`run --from STAGE` begins with a stage and reads nothing for those before it, and "
     "`rethreshold` begins with a stage as it is stored: what they build on must be in the "
     "workspace, for the config and the inputs as they are now. Something changed since, or it was "
     "never run to its end.",
     R"(millrace: error MR1601: stage `ingest` is not committed for the inputs as they are: people.csv of `people` is to be read
  help: `millrace run` without --from does what is missing; `millrace plan` shows what that is)",
     "Run the config without --from: what is committed already is not done again. `millrace plan` "
     "says what changed."},
    {ErrorCode::kPluginFault,
     "A shared library is no plug-in, is built for another version of the interface, has no such "
     "operator, or one of its operators gave something else than it said: too few rows, another "
     "type, broken text.",
     R"(millrace: error MR1602: operator `vowels` (`count_letters` of a plug-in) gave 9 rows instead of 10
  help: the fault is the plug-in's, not the rows')",
     "Mend and build the library (docs/guides/plugins.md says what is checked), and run again: "
     "what "
     "is committed stays, and stages of another build of it are done anew."},
    {ErrorCode::kUsage,
     "A command, an option or an argument is not known, is missing, or contradicts another one.",
     R"(millrace: error MR1901: there is no command `rum`
  help: did you mean `run`? `millrace --help` shows the commands)",
     "`millrace COMMAND --help` shows what a command takes, with examples."},
    {ErrorCode::kRejectBudget,
     "A source has more rejected rows than its `limits` allow. The run ended and published "
     "nothing; its rejects are kept, and its report says which rules they broke.",
     R"(millrace: error MR2001: source `s` has more than 1 rejects, the most that max_rejects allows
  help: the report is runs/00d436ff996a.1/report.html there)",
     "Open the report. Mend the data, or the contract where it is too strict; raise the limit "
     "only when the rejected rows may really be missing."},
    {ErrorCode::kColumnFailed,
     "A value broke a rule of a column with `on_error: fail`. The message names the first such "
     "row, its place in the file and the rule; of a sensitive column never the value. Drift that "
     "the contract forbids ends a run this way, too.",
     R"(millrace: error MR2002: source `s`, file `x.csv`, row #1 (4 bytes at byte 9): column `n`: the value `x` is not written as this type is (int32) [contract.type])",
     "Mend the row, or let such rows be rejected instead: `on_error: reject`."},
    {ErrorCode::kFileChanged,
     "An input file is no longer the one that was listed when the run began: something writes to "
     "it. Half of one state and half of another would be no data at all. Or it is not the one "
     "that an earlier run ingested and left the rows in, which a stage or a trace wants now.",
     R"(millrace: error MR2003: source `s`: a.csv changed while it was read
  help: run again when nothing writes to it)",
     "Let whoever writes the files put them beside and rename them when they are whole, and run "
     "again. `keep_rows: true` at a source keeps its rows in the workspace."},
    {ErrorCode::kCorruptFile,
     "The container of a file is damaged or cut off: a compressed stream, a Parquet footer, a zip "
     "directory, XML that is not well-formed. Behind the damage nothing is certain. Of a dataset "
     "that a Python program handed in: reading it raised an exception, which is the error's cause "
     "there.",
     R"(pipeline.yaml:3:32: error MR2004: source `s`: cut.csv.gz: the gzip data is truncated: the file ends at byte 30 in the middle of a member
  help: fetch the file again; `gzip -t` checks it)",
     "Fetch or pack the file again, or leave it out of the source's pattern."},
    {ErrorCode::kModelContract,
     "A requirement of the model's contract with `on_fail: fail` is not met by the rows. They are "
     "committed in the workspace and a card says what they lack; nothing was published. The exit "
     "code is 3.",
     R"(pipeline.yaml:13:17: error MR2005: the rows do not meet the model's contract: `LIC` (40 % of the rows (2 of 5); no row breaks it)
  13 | model_contract: model_contract.yaml
     |                 ^^^^^^^^^^^^^^^^^^^
  help: nothing was published; the rows are in the workspace; the card is runs/b7dc19667f90.1/report.html there)",
     "Open the card: it names the first rows that break each requirement. Mend the data or the "
     "table's contract and run again, or ask the model's team about the threshold "
     "(docs/model_contract.md)."},
    {ErrorCode::kReleaseChanged,
     "`millrace approve` signs a release only as the run left it. A file of the release, its "
     "manifest or its card was changed since, so nothing was signed.",
     R"(millrace: error MR2006: the release f9330a6d89fdc0fa has a card that was changed after the run
  help: nothing was signed; `millrace verify` tells of its files, `millrace run` writes its card anew)",
     "Look with `millrace verify` which file it is. `millrace run` with the same config writes the "
     "card anew; a damaged release is written anew once its folder is removed."},
    {ErrorCode::kDatasetFailed,
     "A dataset that Python holds raised an exception while its rows were read, gave fewer rows "
     "than it has, or columns that are not those of its schema.",
     R"(millrace: error MR2007: the dataset cannot be read: FileNotFoundError: ...)",
     "Look at the exception: a transform of the dataset, or a file behind it that is gone. Take "
     "the rows that are meant once by hand (`for row in dataset: ...`), and run again."},
    {ErrorCode::kIoFailed,
     "Reading or writing failed in the surroundings: a disk, a server that does not answer or "
     "answers with an error, a library that is missing.",
     R"(millrace: error MR3001: looking at https://127.0.0.1:1/a.csv: Couldn't connect to server)",
     "Run again: what is committed stays, and a run resumes. If it stays so, `millrace doctor` "
     "with the config shows what answers and what does not."},
    {ErrorCode::kDiskFull,
     "There is no space left where a file was to be written, or a quota is used up.",
     R"(millrace: error MR3002: writing workspace/stages/...: No space left on device
  help: free space there and run again; the run resumes)",
     "Free space and run again. `millrace gc WORKSPACE` removes what no run needs."},
    {ErrorCode::kPermissionDenied,
     "The operating system or a store refused: the owner or mode of a path, a read-only disk, "
     "credentials that are wrong, expired or missing.",
     R"(millrace: error MR3003: making the folder `out`: Permission denied
  help: check the owner and mode of the path)",
     "Check who runs the program and what it may do there; for stores the `storage` entry and the "
     "variables of the environment (docs/storage.md)."},
    {ErrorCode::kWorkspaceBusy, "Another run is active in this workspace on this machine.",
     R"(millrace: error MR3004: another run is active in workspace
  help: wait for it to end, or run with --wait (in Python `wait=True`))",
     "Wait, use --wait, or give the pipeline a workspace of its own."},
    {ErrorCode::kMemoryLimit,
     "The memory limit is smaller than what the work needs at the least, or a file wants more for "
     "its decompression than is allowed.",
     R"(millrace: error MR3005: a memory limit of 64 MiB is too small: ingest needs 130 MiB
  help: set limits.memory or --memory to at least 130 MiB)",
     "Raise `limits.memory` or --memory to what the message says. Fewer threads need less, too."},
    {ErrorCode::kWorkspaceDamaged,
     "A file that a workspace or a release names is missing, or its bytes are not those that were "
     "written: a disk fault, or somebody changed or removed it.",
     R"(error MR3006: `stages/ingest/599f37a079aa/data/tickets-a29e508f-00000-32b54f36.parquet`, which a commit record names, is missing)",
     "`millrace verify` names every such file. Running the pipeline again computes damaged parts "
     "of a workspace anew; a damaged release is removed and written anew."},
    {ErrorCode::kWorkerLost,
     "A process that worked on rows for an operator in Python is gone: it ran out of memory and "
     "was killed, crashed in native code, or called `exit`. Nothing of the split is committed.",
     R"(millrace: error MR3007: a worker of operator `embed` (`encoders:Encoder`) was killed by signal 9
  help: what is committed stays, and the next run goes on; with less memory per worker, fewer rows at once (`batch_size`) or fewer workers (`concurrency`) help)",
     "What the worker printed is on stderr. Running again goes on from what is committed. When it "
     "happens again, give the operator a smaller `batch_size` or a smaller `concurrency`, or call "
     "it on the rows that the message names."},
    {ErrorCode::kHookFailed,
     "A command under `hooks` that says `required: true` could not be started, ended with another "
     "code than 0, or took longer than `timeout_seconds`. What was committed stays.",
     R"(millrace: error MR3008: the hook `notify` at the end of stage `quality` ended with code 1)",
     "Look at what the command wrote to stderr and try it by hand with the JSON of docs/hooks.md "
     "on "
     "its stdin; run again, which goes on where it stopped. Without `required` a failing hook is "
     "only reported."},
    {ErrorCode::kBug,
     "A check inside of Millrace failed. This is not your fault, and nothing that was published "
     "is touched by it.",
     R"(millrace: error MR9001: a check failed)",
     "Please report it with the message, the version (`millrace --version`) and, if you can, the "
     "smallest input that shows it. Another version may do better."},
    {ErrorCode::kRowEquation,
     "Rows read are not the rows written plus the rows rejected. The run fails instead of "
     "publishing a release in which rows are lost or doubled.",
     R"(millrace: error MR9002: the rows of `tickets` are not accounted for)",
     "Please report it, as for MR9001."},
};

std::string_view KindInWords(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUser:
      return "user: the config or the command line must change";
    case ErrorKind::kData:
      return "data: rows or files are not what they should be";
    case ErrorKind::kEnvironment:
      return "environment: a retry may help";
    case ErrorKind::kBug:
      return "bug: a check inside Millrace failed";
  }
  return "";
}

// Lines of at most 100 columns.
std::string Wrapped(std::string_view text) {
  std::string out, line;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word(text.substr(at, end - at));
    if (!line.empty() && line.size() + 1 + word.size() > 100) {
      out += line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return out + line + '\n';
}

}  // namespace

const std::vector<ErrorPage>& ErrorPages() {
  static const auto* pages = [] {
    auto* all = new std::vector<ErrorPage>;
#define X(name, number, kind, summary)                                                           \
  {                                                                                              \
    const auto found = std::find_if(std::begin(kPages), std::end(kPages), [](const auto& page) { \
      return page.code == ErrorCode::k##name;                                                    \
    });                                                                                          \
    all->push_back(found != std::end(kPages) ? *found                                            \
                                             : ErrorPage{ErrorCode::k##name, summary, "", ""});  \
  }
    MILLRACE_ERROR_CODES(X)
#undef X
    std::stable_sort(all->begin(), all->end(),
                     [](const ErrorPage& a, const ErrorPage& b) { return a.code < b.code; });
    return all;
  }();
  return *pages;
}

const ErrorPage& ErrorPageOf(ErrorCode code) {
  for (const ErrorPage& page : ErrorPages()) {
    if (page.code == code) return page;
  }
  MILLRACE_CHECK(false);
}

std::optional<ErrorCode> ReadErrorCode(std::string_view text) {
  if (text.size() == 6 && std::toupper(static_cast<unsigned char>(text[0])) == 'M' &&
      std::toupper(static_cast<unsigned char>(text[1])) == 'R') {
    text.remove_prefix(2);
  }
  for (const ErrorPage& page : ErrorPages()) {
    if (FormatErrorCode(page.code).substr(2) == text) return page.code;
  }
  return std::nullopt;
}

std::string ErrorPageMarkdown(const ErrorPage& page) {
  std::string out = "# " + FormatErrorCode(page.code) + ": " + std::string(SummaryOf(page.code)) +
                    "\n\nKind: " + std::string(KindInWords(KindOf(page.code))) +
                    ". Exit code: " + std::to_string(ExitCodeOf(MakeError(page.code, ""))) +
                    ".\n\n" + Wrapped(page.meaning);
  if (!page.example.empty()) {
    out += "\n## Example\n\n```text\n" + std::string(page.example) + "\n```\n";
  }
  if (!page.remedy.empty()) out += "\n## What to do\n\n" + Wrapped(page.remedy);
  return out;
}

std::string ErrorIndexMarkdown() {
  std::string out =
      "# Errors\n\n`millrace explain CODE` prints the page of a code. A code never changes its "
      "meaning.\n\n| Code | Kind | Means |\n| --- | --- | --- |\n";
  for (const ErrorPage& page : ErrorPages()) {
    const std::string code = FormatErrorCode(page.code);
    out += "| [" + code + "](" + code + ".md) | " + std::string(ErrorKindName(KindOf(page.code))) +
           " | " + std::string(SummaryOf(page.code)) + " |\n";
  }
  return out;
}

}  // namespace millrace
