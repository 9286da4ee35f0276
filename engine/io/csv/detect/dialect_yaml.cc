#include "io/csv/csv_reader.h"

namespace millrace::io {
namespace {

// A text in double quotes, as YAML and JSON both read it.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      out += std::string("\\u00") + kHex[code >> 4] + kHex[code & 15];
    } else {
      out += c;
    }
  }
  // A reference begins with `${`; two dollars are one.
  for (size_t at = out.find("${"); at != std::string::npos; at = out.find("${", at + 3)) {
    out.insert(at, 1, '$');
  }
  return out + '"';
}

std::string Mark(std::string_view mark) {
  if (mark == "\t") return "tab";
  return mark.empty() || mark[0] == '\0' ? "none" : Quoted(mark);
}

}  // namespace

std::string DialectYaml(const CsvDialect& d) {
  std::string out = "{encoding: " + std::string(EncodingName(d.encoding));
  out += ", delimiter: " + Mark(d.delimiter);
  out += ", quote: " + Mark({&d.quote, 1});
  if (d.quote != '\0') out += ", escape: " + Mark({&d.escape, 1});
  out += std::string(", newline: ") + (d.newline == "\r"          ? "cr"
                                       : d.newline == kAnyNewline ? "any"
                                                                  : "lf");
  out += ", skip_rows: " + std::to_string(d.skip_rows);
  out += ", header_rows: " + std::to_string(d.header_rows);
  if (d.footer_rows != kFooterUnknown) out += ", footer_rows: " + std::to_string(d.footer_rows);
  out += ", comment: " + (d.comment.empty() ? "none" : Quoted(d.comment));
  out += std::string(", trailing_delimiter: ") + (d.trailing_delimiter ? "true" : "false");
  if (d.table > 0) out += ", table: " + std::to_string(d.table);
  return out + "}";
}

}  // namespace millrace::io
