// From data that nobody has described to a pipeline that runs: proposals.
//
// Thread-safety: functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

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

}  // namespace millrace
