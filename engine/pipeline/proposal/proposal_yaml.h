// A proposal as the text of a config with comments. Whatever comes from data, names of files and
// columns included, is escaped, so that no comment ends early and no terminal is steered.
#pragma once

#include <string>
#include <vector>

#include "io/object/storage_options.h"
#include "pipeline/proposal/column_facts.h"
#include "pipeline/proposal/file_groups.h"

namespace millrace::pipeline {

struct ProposedTable {
  const FileGroup* group = nullptr;
  std::vector<ColumnFacts> columns;
  int64_t rows_seen = 0;
  bool rows_whole = false;  // those are all rows
  int64_t files_seen = 0;
  double confidence = 1;  // the least of its files
};

struct ProposedConfig {
  std::string name;
  std::string from;  // as the user gave it
  std::vector<ProposedTable> tables;
  std::vector<io::StorageEntry> storage;
  std::vector<InputCatalog::LeftOut> left_out;
};

/// `notes`: with what was seen of each column; a config has a greatest length.
std::string ProposalYaml(const ProposedConfig& config, bool notes);

/// One line of a comment: control characters, line breaks of any kind, characters that change the
/// direction of text, and bytes that are no UTF-8 are written out (`\n`, `\x1b`, `\u202e`).
std::string CommentText(const std::string& text);

/// What a person has to decide about a column, a phrase each.
std::vector<std::string> OpenQuestions(const ColumnFacts& column);

/// The name of source number `index` of a group.
std::string SourceName(const FileGroup& group, size_t index);

}  // namespace millrace::pipeline
