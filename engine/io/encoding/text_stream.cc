#include "io/encoding/text_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "io/refilled_stream.h"

namespace millrace::io {
namespace {

// Of the bytes 0x80 to 0x9f; 0: undefined.
constexpr std::array<uint16_t, 32> kCp1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void AppendUtf8(uint32_t c, std::string* out) {
  const auto add = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xc0 | (c >> 6));
    add(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    add(0xe0 | (c >> 12));
    add(0x80 | ((c >> 6) & 0x3f));
    add(0x80 | (c & 0x3f));
  } else {
    add(0xf0 | (c >> 18));
    add(0x80 | ((c >> 12) & 0x3f));
    add(0x80 | ((c >> 6) & 0x3f));
    add(0x80 | (c & 0x3f));
  }
}

size_t DecodeUtf16(std::string_view bytes, bool big, bool last, std::string* out) {
  const auto unit = [&](size_t i) {
    const auto first = static_cast<uint8_t>(bytes[i]), second = static_cast<uint8_t>(bytes[i + 1]);
    return static_cast<uint32_t>(big ? first << 8 | second : second << 8 | first);
  };
  size_t i = 0;
  while (i + 2 <= bytes.size()) {
    const uint32_t c = unit(i);
    const bool leads = c >= 0xd800 && c < 0xdc00;
    if (leads && i + 4 > bytes.size() && !last) return i;
    const uint32_t next = leads && i + 4 <= bytes.size() ? unit(i + 2) : 0;
    const bool pair = next >= 0xdc00 && next < 0xe000;
    AppendUtf8(pair ? 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00) : c, out);
    i += pair ? 4 : 2;
  }
  if (last && i < bytes.size()) {
    out->push_back('\xff');
    ++i;
  }
  return i;
}

void DecodeSingleByte(std::string_view bytes, bool cp1252, std::string* out) {
  for (const char byte : bytes) {
    const auto c = static_cast<uint8_t>(byte);
    if (!cp1252 || c < 0x80 || c >= 0xa0) {
      AppendUtf8(c, out);
    } else if (kCp1252[c - 0x80U] != 0) {
      AppendUtf8(kCp1252[c - 0x80U], out);
    } else {
      out->push_back(byte);
    }
  }
}

/// A head that was read already, then the rest.
class RejoinedStream : public ByteStream {
 public:
  RejoinedStream(std::string head, std::unique_ptr<ByteStream> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    if (at_ == head_.size()) {
      if (at_ > 0) std::string().swap(head_);
      at_ = 0;
      return rest_->Read(bytes, out);
    }
    const size_t take = std::min(static_cast<size_t>(bytes), head_.size() - at_);
    std::memcpy(out, head_.data() + at_, take);
    at_ += take;
    const auto taken = static_cast<int64_t>(take);
    if (taken == bytes) return taken;
    const Result<int64_t> more = rest_->Read(bytes - taken, out + taken);
    return taken + (more.ok() ? *more : 0);  // an error stays, and comes with the next Read
  }
  Compression compression() const override { return rest_->compression(); }
  int64_t raw_bytes_read() const override { return rest_->raw_bytes_read(); }
  Result<std::string> ContentSha256() override { return rest_->ContentSha256(); }

 private:
  std::string head_;
  size_t at_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

class DecodingStream : public RefilledStream {
 public:
  DecodingStream(std::unique_ptr<ByteStream> raw, Encoding encoding)
      : RefilledStream(std::move(raw)), encoding_(encoding) {}

 private:
  Status Refill() override {
    ARROW_RETURN_NOT_OK(AppendBlock(&raw_));
    ready_.clear();
    at_ = 0;
    raw_.erase(0, DecodeText(encoding_, raw_, finished_, &ready_));
    return Status::OK();
  }

  const Encoding encoding_;
  std::string raw_;  // bytes not yet decoded
};

bool IsUtf16(Encoding encoding) {
  return encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
}

}  // namespace

size_t DecodeText(Encoding encoding, std::string_view bytes, bool last, std::string* out) {
  switch (encoding) {
    case Encoding::kUtf8:
      out->append(bytes);
      return bytes.size();
    case Encoding::kUtf16Le:
    case Encoding::kUtf16Be:
      return DecodeUtf16(bytes, encoding == Encoding::kUtf16Be, last, out);
    case Encoding::kLatin1:
    case Encoding::kCp1252:
      DecodeSingleByte(bytes, encoding == Encoding::kCp1252, out);
      return bytes.size();
  }
  return bytes.size();
}

Result<std::string> PeekBytes(int64_t bytes, std::unique_ptr<ByteStream>* stream) {
  std::string head(static_cast<size_t>(bytes), '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t got,
                        (*stream)->Read(bytes, reinterpret_cast<uint8_t*>(head.data())));
  head.resize(static_cast<size_t>(got));
  *stream = std::make_unique<RejoinedStream>(head, std::move(*stream));
  return head;
}

Result<TextStream> OpenTextStream(std::unique_ptr<ByteStream> stream,
                                  std::optional<Encoding> declared,
                                  const std::vector<std::string>& others) {
  ARROW_ASSIGN_OR_RAISE(const std::string head, PeekBytes(kEncodingHeadBytes, &stream));
  TextStream opened;
  opened.detected = DetectEncoding(head, others);
  if (declared) {
    const bool same = opened.detected.encoding == *declared;
    const int bom_bytes = same ? opened.detected.bom_bytes : 0;
    opened.detected = DetectedEncoding();
    opened.detected.encoding = *declared;
    opened.detected.bom_bytes = bom_bytes;
  }
  if (IsUtf16(opened.detected.encoding)) {
    uint8_t mark[2];
    ARROW_RETURN_NOT_OK(stream->Read(opened.detected.bom_bytes, mark).status());
  }
  opened.stream = std::move(stream);
  if (opened.detected.encoding != Encoding::kUtf8) {
    opened.stream =
        std::make_unique<DecodingStream>(std::move(opened.stream), opened.detected.encoding);
  }
  return opened;
}

}  // namespace millrace::io
