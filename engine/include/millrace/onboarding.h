// From data that nobody has described to a pipeline that runs: proposals, a preview of what a
// contract makes of rows, and the verdict of a contract on a file.
//
// Thread-safety: functions may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "millrace/pipeline.h"

namespace millrace {

struct ProposeOptions {
  std::string from;  // a file, a folder, a pattern or a URL
  std::string out;   // the config to be written; paths in it are relative to its folder
  std::string name;  // of the pipeline; "": after `from`
  bool allow_private_addresses = false;  // of a web server in a private network or on this machine
};

/// What `init` writes, and what it is about.
struct Proposal {
  std::string yaml;  // a commented config that validates and runs as it is
  std::string name;
  struct Source {
    std::string name, type, path, table;
    int64_t files = 0, bytes = 0;
    double confidence = 1;  // in how the files are written; 1 where there is nothing to doubt
  };
  struct Column {
    std::string table, name, type;
    bool sensitive = false;
    std::string reason;             // of `sensitive`
    std::vector<std::string> open;  // what a person has to decide, a phrase each
  };
  struct LeftOut {
    std::string file, why;
  };
  std::vector<Source> sources;
  std::vector<Column> columns;
  std::vector<LeftOut> left_out;  // files that no source reads
  std::string ToJson() const;
};

/// Looks at the data, bounded in files and bytes, and proposes a pipeline for it. The result was
/// loaded and validated like any config. Writes nothing.
/// UnreadablePath when there is nothing to read, UnknownDialect when no format fits.
Result<Proposal> ProposePipeline(const ProposeOptions& options);

/// Writes a proposal to `path` at once and whole. ReleaseExists-like caution: BadValue when there
/// is a file and not `overwrite`.
Status WriteProposal(const Proposal& proposal, const std::string& path, bool overwrite);

struct PreviewOptions {
  int64_t rows = 20;             // of each source
  std::string source;            // "": all
  std::string until = "ingest";  // the last stage to show: one of StagesOf
};

/// The first rows of every source as they stand in the files and as the contract makes them, with
/// the reasons of those it rejects, as JSON. Reads the beginnings of files only, writes nothing,
/// not even a workspace. With a later stage in `until` the rows that pass go on through the stages
/// up to it: what each makes of them, or which instance drops them and why; what needs all rows
/// (`exact_dedup`, `limit`, ...) is decided over these alone. Sensitive values are masked, also in
/// the columns of the file they come from. `unique` is not checked: it needs all rows.
Result<std::string> PreviewPipeline(const Pipeline& pipeline, const PreviewOptions& options = {});

struct CheckOptions {
  std::string file;                           // a file, a folder, a pattern or a URL
  std::string contract;                       // a config, or a file with a contract alone
  std::string table;                          // which contract of several
  std::string source;                         // as which source the file is read
  std::map<std::string, std::string> params;  // of a config
};

struct CheckResult {
  int64_t rows_read = 0, rows_accepted = 0, rows_rejected = 0;
  /// "accepted": every row passed; "within_limits": the rejects are as few as the source's declared
  /// `limits` allow; "rejected".
  std::string verdict;
  std::string json;  // the whole, with reasons and samples; sensitive values are masked
  bool accepted() const { return verdict != "rejected"; }
};

/// Reads all of a file against a contract, as a run would, with `unique`. Needs no workspace: only
/// the comparison of unique keys writes to the system's temporary folder while it lasts.
/// Errors: those of the contract's text, MissingColumn, and files that cannot be read at all.
Result<CheckResult> CheckFile(const CheckOptions& options);

}  // namespace millrace
