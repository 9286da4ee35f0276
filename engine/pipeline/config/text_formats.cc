#include "pipeline/config/text_formats.h"

#include <map>
#include <string>

#include "io/fixed_width/fixed_width_format.h"
#include "io/xml/xml_format.h"

namespace millrace::pipeline {
namespace {

using FormatPtr = std::shared_ptr<const io::TextFormat>;

FormatPtr BuildXml(const ConfigValue& value, ConfigProblems* /*problems*/) {
  io::XmlOptions options;
  options.record = value.Text("record");
  options.record_bytes_max = value.Integer("record_bytes_max");
  return io::MakeXmlFormat(options);
}

std::vector<io::FixedColumn> BuildFixedColumns(const ConfigValue& columns,
                                               ConfigProblems* problems) {
  std::vector<io::FixedColumn> built;
  int64_t next = 0;  // the first place behind the columns so far; -1: the line is used up
  for (size_t i = 0; i < columns.members.size(); ++i) {
    const auto& [name, value] = columns.members[i];
    const SourceSpan& span = columns.member_spans[i];
    if (next < 0) {
      problems->Add(ErrorCode::kMissingKey, columns.member_spans[i - 1],
                    "`" + built.back().name + "` has no width, and another column follows it",
                    "only the last column may go to the line's end");
      return built;
    }
    io::FixedColumn column;
    column.name = name;
    column.start = value.Integer("start", next + 1) - 1;
    column.width = value.Integer("width");
    if (column.start < next) {
      problems->Add(ErrorCode::kBadValue, span,
                    "`" + name + "` begins inside of the column before it, or before that",
                    "columns stand in the order of their places and do not overlap");
    }
    next = column.width == 0 ? -1 : column.start + column.width;
    built.push_back(std::move(column));
  }
  return built;
}

FormatPtr BuildFixedWidth(const ConfigValue& value, ConfigProblems* problems) {
  io::FixedWidthOptions options;
  if (const ConfigValue* columns = value.Find("columns")) {
    options.columns = BuildFixedColumns(*columns, problems);
  }
  if (const ConfigValue* header = value.Find("header")) options.header = header->boolean;
  options.trim = value.Bool("trim");
  options.fill_short_rows = value.Text("short_rows") == "fill";
  if (value.Text("widths") == "bytes") options.unit = io::WidthUnit::kBytes;
  options.record_bytes_max = value.Integer("record_bytes_max");
  return io::MakeFixedWidthFormat(options);
}

}  // namespace

FormatPtr BuildTextFormat(const ConfigValue& source, ConfigProblems* problems) {
  using Builder = FormatPtr (*)(const ConfigValue&, ConfigProblems*);
  static const auto* builders = new std::map<std::string, Builder>{
      {"fixed_width", &BuildFixedWidth},
      {"xml", &BuildXml},
  };
  return builders->at(source.spec->type_value)(source, problems);
}

}  // namespace millrace::pipeline
