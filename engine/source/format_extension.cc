#include "source/format_extension.h"

#include <algorithm>

namespace millrace::source {
namespace {

constexpr std::string_view kPacked[] = {".gz", ".zst", ".bz2", ".lz4"};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string Lower(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

std::vector<std::string> ExtensionsOf(const FormatOptions& format) {
  if (std::holds_alternative<io::CsvOptions>(format)) return {".csv", ".tsv"};
  if (std::holds_alternative<io::JsonlOptions>(format)) return {".jsonl", ".ndjson", ".json"};
  if (std::holds_alternative<io::ParquetReadOptions>(format)) return {".parquet"};
  if (std::holds_alternative<io::DatasetReadOptions>(format)) return {};
  return std::get<std::shared_ptr<const io::TextFormat>>(format)->extensions();
}

bool HasExtension(std::string_view key, const std::vector<std::string>& extensions) {
  std::string lower = Lower(key);
  for (const std::string_view packed : kPacked) {
    if (EndsWith(lower, packed)) lower.resize(lower.size() - packed.size());
  }
  return std::any_of(extensions.begin(), extensions.end(),
                     [&lower](const std::string& end) { return EndsWith(lower, end); });
}

bool IsPacked(std::string_view key) {
  const std::string lower = Lower(key);
  return std::any_of(std::begin(kPacked), std::end(kPacked),
                     [&lower](std::string_view packed) { return EndsWith(lower, packed); });
}

}  // namespace millrace::source
