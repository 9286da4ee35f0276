#include "pipeline/dialect_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

Json MarkJson(const std::string& mark) {
  if (mark.empty() || mark[0] == '\0') return nullptr;
  return mark == "\t" ? "\\t" : mark;
}

}  // namespace

Json DialectJson(const io::SniffedCsv& sniffed) {
  const io::CsvDialect& d = sniffed.dialect;
  Json json = {{"encoding", std::string(io::EncodingName(d.encoding))},
               {"delimiter", MarkJson(d.delimiter)},
               {"quote", MarkJson(std::string(1, d.quote))},
               {"escape", MarkJson(std::string(1, d.escape))},
               {"header", d.header()},
               {"bom", d.bom},
               {"newline", d.newline == "\r\n" ? "\\r\\n"
                           : d.newline == "\r" ? "\\r"
                           : d.newline == "\n" ? "\\n"
                                               : d.newline},
               {"skip_rows", d.skip_rows},
               {"header_rows", d.header_rows},
               {"footer_rows", d.footer_rows == io::kFooterUnknown ? Json() : Json(d.footer_rows)},
               {"comment", MarkJson(d.comment)},
               {"trailing_delimiter", d.trailing_delimiter},
               {"table", d.table == 0 ? Json() : Json(d.table)}};
  json["confidence"] = std::round(sniffed.confidence * 100) / 100;
  json["reasons"] = sniffed.reasons;
  json["block"] = io::DialectYaml(d);
  return json;
}

}  // namespace millrace::pipeline
