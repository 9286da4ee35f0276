#include "io/jsonl/member_names.h"

#include <simdjson.h>

namespace millrace::io {

void MemberNames::Add(const RawBatch& batch, const Chunk& chunk, int64_t byte_offset_max) {
  simdjson::ondemand::parser parser;
  for (const RecordExtent& extent : batch.extents) {
    const int64_t end = chunk.byte_offset + extent.offset + extent.length;
    if (end > byte_offset_max + (any_row_ ? 0 : kFirstRowBytesMax)) return;
    any_row_ = true;
    const simdjson::padded_string record(
        reinterpret_cast<const char*>(chunk.bytes->data()) + extent.offset, extent.length);
    simdjson::ondemand::document document;
    simdjson::ondemand::object members;
    // The record was checked when it was parsed: it is an object, and no step can fail.
    if (parser.iterate(record).get(document) || document.get_object().get(members)) continue;
    for (auto member : members) {
      std::string_view name;
      if (member.unescaped_key().get(name)) break;
      if (known_.emplace(name).second) names_.emplace_back(name);
    }
  }
}

}  // namespace millrace::io
