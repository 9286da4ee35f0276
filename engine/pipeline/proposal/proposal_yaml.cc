#include "pipeline/proposal/proposal_yaml.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "base/escaped_text.h"
#include "base/quantity.h"
#include "contract/infer.h"
#include "io/csv/csv_reader.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kReasonsShown = 6;
constexpr size_t kLeftOutShown = 20;
constexpr int64_t kFewValues = 12, kManyRows = 50;
constexpr size_t kCommentBytesMax = 400;

std::string Quoted(const std::string& text) { return QuotedYaml(EscapeReferences(text)); }

std::string Percent(double share) { return FormatShare(std::llround(share * 100), 100); }

// Words in lines of at most 100 columns, each behind `indent` and "# ".
std::string Comment(const std::string& indent, const std::string& text) {
  constexpr size_t kColumns = 98;
  std::string out, line;
  std::istringstream words(CommentText(text));
  for (std::string word; words >> word;) {
    if (!line.empty() && indent.size() + 2 + line.size() + 1 + word.size() > kColumns) {
      out += indent + "# " + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + indent + "# " + line + '\n';
}

std::string Listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

class Writer {
 public:
  Writer(const ProposedConfig& config, bool notes)
      : config_(config), notes_(notes), several_(config.tables.size() > 1) {}

  std::string Write() {
    Head();
    Storage();
    out_ += "\nsources:\n";
    for (const ProposedTable& table : config_.tables) Source(table);
    out_ += several_ ? "\ncontracts:\n" : "\ncontract:\n";
    for (const ProposedTable& table : config_.tables) Contract(table);
    Exports();
    LeftOut();
    return std::move(out_);
  }

 private:
  void Head() {
    out_ += Comment("", "Proposed by `millrace init --from " + config_.from +
                            "`, from a look at the beginning of the data. It runs as it is; what "
                            "only a person can decide is marked `open:`. Columns are `string` "
                            "where a narrower type might lose rows.");
    out_ += "version: 1\nname: " + Quoted(config_.name) + "\nworkspace: ./workspace\n";
    bool sensitive = false;
    for (const ProposedTable& table : config_.tables) {
      for (const ColumnFacts& column : table.columns) sensitive |= column.column.sensitive;
    }
    if (sensitive) {
      out_ += Comment("",
                      "open: reject files hold the raw record of a rejected row, with its "
                      "sensitive values; to keep them out:");
      out_ += "# rejects: {sensitive: drop}\n";
    }
  }

  void Storage() {
    if (config_.storage.empty()) return;
    out_ += "\nstorage:\n";
    for (const io::StorageEntry& entry : config_.storage) {
      const bool web = entry.url.rfind("http", 0) == 0;
      out_ += "  " + entry.name + ": {type: " + (web ? "http" : TypeOf(entry.url)) +
              ", url: " + Quoted(entry.url);
      if (entry.allow_http) out_ += ", allow_http: true";
      if (entry.allow_private_addresses) out_ += ", allow_private_addresses: true";
      if (entry.anonymous) out_ += ", anonymous: true";
      out_ += "}\n";
    }
  }

  static std::string TypeOf(const std::string& url) {
    if (url.rfind("gs:", 0) == 0) return "gcs";
    return url.rfind("abfs", 0) == 0 ? "azure" : "s3";
  }

  void Source(const ProposedTable& table) {
    const FileGroup& group = *table.group;
    const CatalogFile& first = *group.files.front();
    int64_t bytes = 0;
    for (const CatalogFile* file : group.files) bytes += file->info.bytes;
    std::string what = FormatCounted(static_cast<int64_t>(group.files.size()), "file") + ", " +
                       FormatByteSize(bytes) + "; " +
                       (table.rows_whole ? "all " : "looked at the first ") +
                       FormatCounted(table.rows_seen, "row");
    if (!table.rows_whole) what += " of " + FormatCounted(table.files_seen, "file");
    out_ += Comment("  ", what + ".");
    Confidence(table, first);
    for (size_t i = 0; i < group.paths.size(); ++i) {
      out_ += "  " + SourceName(group, i) + ":\n    type: " + first.format_name +
              "\n    path: " + Quoted(group.paths[i]) + '\n';
      Declare(table, first);
      if (several_) out_ += "    contract: " + group.name + '\n';
    }
  }

  void Confidence(const ProposedTable& table, const CatalogFile& first) {
    if (first.reasons.empty()) return;
    std::vector<std::string> reasons = first.reasons;
    if (reasons.size() > kReasonsShown) reasons.resize(kReasonsShown);
    const bool told = first.format_name != "parquet";
    out_ += Comment("  ", (told ? "How it is written was told with a confidence of " +
                                      Percent(table.confidence) + ": "
                                : std::string()) +
                              Listed(reasons) + ".");
    if (first.format_name == "csv" && table.confidence >= io::kDialectConfidenceMin) {
      out_ += Comment(
          "  ", "Every file is told for itself at each run; to pin it: dialect: " + first.dialect);
    }
  }

  // What must be said for a run to read the files.
  void Declare(const ProposedTable& table, const CatalogFile& first) {
    if (first.format_name == "xml" && !first.declaration.empty()) {
      out_ += "    record: " + Quoted(first.declaration) + '\n';
    }
    if (first.format_name == "fixed_width" && first.confidence < 0.8) {
      out_ += Comment("    ", "open: that is too little to be sure; check the places.");
      std::istringstream lines(first.declaration);
      for (std::string line; std::getline(lines, line);) out_ += "    " + line + '\n';
    }
    if (first.format_name != "csv") return;
    if (table.confidence < io::kDialectConfidenceMin) {
      const bool one =
          std::all_of(table.group->files.begin(), table.group->files.end(),
                      [&](const CatalogFile* f) { return f->dialect == first.dialect; });
      out_ += Comment("    ", std::string("open: that is too little to be sure; a run would refuse "
                                          "the file. This takes the best guess") +
                                  (one ? "." : " of each file."));
      out_ += "    dialect: " + (one ? first.dialect : std::string("guess")) + '\n';
    }
    if (!first.column_names.empty()) {
      out_ += Comment("    ",
                      "open: the header names a column twice or cannot be read as one; "
                      "these names replace it.");
      out_ += "    columns: [";
      for (size_t i = 0; i < first.column_names.size(); ++i) {
        out_ += (i == 0 ? "" : ", ") + Quoted(first.column_names[i]);
      }
      out_ += "]\n";
    }
  }

  void Contract(const ProposedTable& table) {
    const std::string indent = several_ ? "    " : "  ";
    if (several_) out_ += "  " + table.group->name + ":\n";
    out_ += indent + "version: 1\n" + indent +
            "unknown_columns: drop  # a column that is new later; or keep, or fail\n" + indent +
            "columns:\n";
    for (const ColumnFacts& column : table.columns) {
      if (notes_) out_ += ColumnComment(indent + "  ", column);
      out_ += indent + "  " + contract::ColumnYaml(column.column) + '\n';
    }
  }

  static std::string ColumnComment(const std::string& indent, const ColumnFacts& column) {
    std::string seen =
        column.nulls == 0 ? "no nulls" : FormatShare(column.nulls, column.rows) + " null";
    if (column.rows == 0) seen = "no rows seen";
    if (column.distinct > 0) {
      seen += std::string(", ") + (column.distinct_whole ? "" : "more than ") +
              FormatCount(column.distinct) + " distinct";
    }
    if (!column.examples.empty()) {
      std::vector<std::string> shown;
      for (const std::string& example : column.examples) shown.push_back(QuotedYaml(example));
      seen += ", for example " + Listed(shown);
    } else if (!column.held_back.empty()) {
      seen += "; no examples: " + column.held_back;
    }
    std::string out = Comment(indent, seen);
    if (column.column.sensitive) {
      out += Comment(indent, "sensitive: " + column.sensitive_reason);
    }
    for (const std::string& question : OpenQuestions(column)) {
      out += Comment(indent, "open: " + question);
    }
    return out;
  }

  void Exports() {
    out_ += "\nexports:\n";
    for (const ProposedTable& table : config_.tables) {
      out_ += "  " + table.group->name +
              ": {type: parquet, path: " + Quoted("out/" + table.group->name);
      if (several_) out_ += ", contract: " + table.group->name;
      out_ += "}\n";
    }
  }

  void LeftOut() {
    if (config_.left_out.empty()) return;
    out_ += "\n# Files that no source reads:\n";
    for (size_t i = 0; i < config_.left_out.size() && i < kLeftOutShown; ++i) {
      out_ += "#   " + CommentText(config_.left_out[i].key + ": " + config_.left_out[i].why) + '\n';
    }
    if (config_.left_out.size() > kLeftOutShown) {
      out_ += "#   and " +
              FormatCount(static_cast<int64_t>(config_.left_out.size() - kLeftOutShown)) +
              " more\n";
    }
  }

  const ProposedConfig& config_;
  const bool notes_, several_;
  std::string out_;
};

}  // namespace

std::string ProposalYaml(const ProposedConfig& config, bool notes) {
  return Writer(config, notes).Write();
}

std::string SourceName(const FileGroup& group, size_t index) {
  if (group.paths.size() == 1) return group.name;
  return group.name + "_" + std::to_string(index + 1);
}

std::string CommentText(const std::string& text) { return EscapedText(text, kCommentBytesMax); }

std::vector<std::string> OpenQuestions(const ColumnFacts& column) {
  std::vector<std::string> open;
  if (column.rows == 0 || column.nulls == column.rows) {
    open.push_back("no value was seen, so nothing is known of its type");
    return open;
  }
  if (column.mixed) open.push_back("objects or lists beside plain values, so it is kept as JSON");
  for (const contract::TypeHint& hint : column.hints) {
    open.push_back(hint.why + "? then " + hint.declaration);
  }
  const bool key = column.nulls == 0 && column.distinct_whole && column.distinct == column.rows &&
                   column.rows > 1;
  if (key) {
    open.push_back("all values are there and differ; if it is a key: required: true, unique: true");
  } else if (column.distinct_whole && column.distinct <= kFewValues && column.rows >= kManyRows &&
             !column.column.sensitive && column.column.type->id() == arrow::Type::STRING &&
             !column.column.is_json && column.distinct > 1) {
    open.push_back("few values; if they are all there can be: enum: [...]");
  }
  return open;
}

}  // namespace millrace::pipeline
