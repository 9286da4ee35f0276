// XML in: elements of one name are records, their attributes and the elements below are columns.
// docs/xml.md has the rules; docs/guides/new_connector.md walks through the source.
//
// A document that is not well-formed is CorruptFile with the byte where that shows: behind it
// nothing is certain. So is one with a document type declaration, which could define entities.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/text_format.h"

namespace millrace::io {

struct XmlOptions {
  std::string record;             // the name of a record's element; "": the root's children
  int64_t chunk_bytes = 1 << 20;  // never changes the result
  int64_t record_bytes_max = 16 << 20;
};

std::shared_ptr<const TextFormat> MakeXmlFormat(const XmlOptions& options);

}  // namespace millrace::io
