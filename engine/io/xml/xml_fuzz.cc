// Whatever the bytes: an XML file is read the same in chunks of any size, up to the same error,
// with every byte and record accounted for. The first byte of the input chooses the options.
#include <cstdint>
#include <string>

#include "io/testing/read_rows.h"
#include "io/xml/xml_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::io;
  if (size < 1) return 0;
  XmlOptions options;
  if ((data[0] & 1) != 0) options.record = "r";
  options.record_bytes_max = (data[0] & 2) != 0 ? 64 : 1 << 20;
  Projection projection;
  projection.all = (data[0] & 4) == 0;
  if (!projection.all) {
    for (const char* path : {"@id", "a", "a/b", "a[2]", "#text"}) {
      projection.fields.emplace_back().path = path;
    }
    if ((data[0] & 8) != 0) projection.unknown = UnknownFields::kReject;
  }
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = testing::ReadRows(*MakeXmlFormat(options), text, projection);
  for (const int64_t chunk_bytes : {1, 50}) {
    options.chunk_bytes = chunk_bytes;
    MILLRACE_CHECK(testing::ReadRows(*MakeXmlFormat(options), text, projection) == whole);
  }
  return 0;
}
