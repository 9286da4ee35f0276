#include "pipeline/config/export_options.h"

namespace millrace::pipeline {
namespace {

void CheckLevel(const ConfigValue& value, const exporting::ExportOptions& options,
                ConfigProblems* problems) {
  const ConfigValue* level = value.Find("compression_level");
  if (level == nullptr || level->node == nullptr) return;
  const bool jsonl = options.format != exporting::Format::kParquet;
  // The default itself may stand there: the text of a resolved config has all of them.
  const bool is_default = level->integer == exporting::ExportOptions().compression_level;
  if (jsonl && options.compression == exporting::TextCompression::kNone && !is_default) {
    problems->Add(ErrorCode::kBadValue, level->span,
                  "`compression_level` has no effect without compression",
                  "add `compression: zstd`, or leave it out");
  } else if (options.compression == exporting::TextCompression::kGzip && level->integer > 9) {
    problems->Add(ErrorCode::kBadValue, level->span, "gzip has levels from 1 to 9");
  }
}

}  // namespace

exporting::ExportOptions BuildExportOptions(const std::string& name, const ConfigValue& value,
                                            ConfigProblems* problems) {
  exporting::ExportOptions options;
  options.name = name;
  options.format = value.spec->type_value == "jsonl"     ? exporting::Format::kJsonl
                   : value.spec->type_value == "prompts" ? exporting::Format::kPrompts
                                                         : exporting::Format::kParquet;
  const std::string compression = value.Text("compression", "none");
  options.compression = compression == "gzip"   ? exporting::TextCompression::kGzip
                        : compression == "zstd" ? exporting::TextCompression::kZstd
                                                : exporting::TextCompression::kNone;
  options.compression_level = static_cast<int>(value.Integer("compression_level", 1));
  options.rows_per_shard = value.Integer("rows_per_shard");
  options.rows_per_row_group = value.Integer("rows_per_row_group", options.rows_per_row_group);
  options.columns = value.Texts("columns");
  options.partition_by = value.Texts("partition_by");
  options.provenance = value.Bool("provenance");
  options.overwrite = value.Bool("overwrite");
  CheckLevel(value, options, problems);
  return options;
}

}  // namespace millrace::pipeline
