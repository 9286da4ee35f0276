#include "stage/commit_record.h"

#include "base/status.h"

namespace millrace::stage {

std::string RowIdAt(const CommitRecord& split, int64_t position) {
  int64_t ordinal = position;
  for (size_t i = 0; i < split.inputs.size(); ++i) {
    if (ordinal < split.records[i]) {
      return split.source + '/' + split.inputs[i].path + '#' +
             std::to_string(split.first_ordinal + ordinal);
    }
    ordinal -= split.records[i];
  }
  MILLRACE_CHECK(false && "position outside its split");
  return "";
}

}  // namespace millrace::stage
