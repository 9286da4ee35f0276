#include "stage/shard_profiles.h"

#include <algorithm>
#include <limits>

#include "base/sha256.h"

namespace millrace::stage {

void ShardProfiles::Add(const TableProfiler& profile) {
  const std::string line = profile.ToJson();  // ends with its only newline
  MILLRACE_CHECK(line.find('\n') + 1 == line.size());
  text_ += line;
  ++shards_;
}

Result<io::DataFile> ShardProfiles::Write(io::Store& store, const std::string& key_prefix) const {
  io::DataFile file;
  file.rows = shards_;
  file.bytes = static_cast<int64_t>(text_.size());
  file.sha256 = Sha256Hex(text_);
  file.path = key_prefix + '-' + file.sha256.substr(0, 12) + ".jsonl";
  ARROW_ASSIGN_OR_RAISE(auto out, store.Create(file.path));
  ARROW_RETURN_NOT_OK(out->Write(text_));
  ARROW_RETURN_NOT_OK(out->Commit(file.path));
  return file;
}

Result<std::vector<std::string>> ShardProfiles::Read(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const std::string text,
                        store.ReadSmall(key, std::numeric_limits<int64_t>::max()));
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

Result<TableProfiler> ShardProfiles::SumOf(const std::vector<std::string>& lines,
                                           const arrow::Schema& schema,
                                           const std::set<std::string>& sensitive) {
  TableProfiler sum(schema, sensitive);
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const TableProfiler part, TableProfiler::FromJson(line, schema));
    ARROW_RETURN_NOT_OK(sum.Merge(part));
  }
  return sum;
}

}  // namespace millrace::stage
