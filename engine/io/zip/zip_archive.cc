#include "io/zip/zip_archive.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <minizip/unzip.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <utility>
#include <vector>

namespace millrace::io {
namespace {

constexpr int64_t kDeflateRatioMax = 1032;
constexpr size_t kMembersMax = 1 << 20;
constexpr int kEncryptedFlag = 1;

Status Corrupt(const std::string& what) {
  return MakeError(ErrorCode::kCorruptFile, what, "fetch the archive again; `unzip -t` checks it");
}

/// The archive as minizip sees it: a file with a position, read through a small window.
class ArchiveInput {
 public:
  explicit ArchiveInput(std::shared_ptr<arrow::io::RandomAccessFile> file)
      : file_(std::move(file)), window_(64 << 10) {}

  const Status& error() const { return error_; }

  zlib_filefunc64_def Functions() {
    zlib_filefunc64_def functions{};
    functions.opaque = this;
    functions.zopen64_file = [](voidpf self, const void*, int) -> voidpf { return self; };
    functions.zread_file = [](voidpf self, voidpf, void* out, uLong bytes) -> uLong {
      return static_cast<ArchiveInput*>(self)->Read(static_cast<uint8_t*>(out), bytes);
    };
    functions.zwrite_file = [](voidpf, voidpf, const void*, uLong) -> uLong { return 0; };
    functions.ztell64_file = [](voidpf self, voidpf) -> ZPOS64_T {
      return static_cast<ZPOS64_T>(static_cast<ArchiveInput*>(self)->position_);
    };
    functions.zseek64_file = [](voidpf self, voidpf, ZPOS64_T offset, int origin) -> long {
      return static_cast<ArchiveInput*>(self)->Seek(static_cast<int64_t>(offset), origin);
    };
    functions.zclose_file = [](voidpf, voidpf) -> int { return 0; };
    functions.zerror_file = [](voidpf self, voidpf) -> int {
      return static_cast<ArchiveInput*>(self)->error_.ok() ? 0 : 1;
    };
    return functions;
  }

 private:
  uLong Read(uint8_t* out, uLong bytes) {
    uLong done = 0;
    const auto size = file_->GetSize();
    if (!size.ok()) error_ = size.status();
    if (!size.ok() || position_ >= *size) return 0;
    while (done < bytes && error_.ok()) {
      if (position_ < begin_ || position_ >= begin_ + held_) {
        const auto got =
            file_->ReadAt(position_, static_cast<int64_t>(window_.size()), window_.data());
        if (!got.ok()) error_ = got.status();
        begin_ = position_;
        held_ = got.ok() ? *got : 0;
        if (held_ == 0) break;  // it has become shorter
      }
      const int64_t take = std::min(static_cast<int64_t>(bytes - done), begin_ + held_ - position_);
      std::memcpy(out + done, window_.data() + (position_ - begin_), static_cast<size_t>(take));
      position_ += take;
      done += static_cast<uLong>(take);
    }
    return done;
  }

  long Seek(int64_t offset, int origin) {
    int64_t base = 0;
    if (origin == ZLIB_FILEFUNC_SEEK_CUR) base = position_;
    if (origin == ZLIB_FILEFUNC_SEEK_END) {
      const auto size = file_->GetSize();
      if (!size.ok()) {
        error_ = size.status();
        return -1;
      }
      base = *size;
    }
    if (base + offset < 0) return -1;
    position_ = base + offset;
    return 0;
  }

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::vector<uint8_t> window_;
  int64_t position_ = 0, begin_ = 0, held_ = 0;
  Status error_;
};

/// An archive that minizip has opened.
class OpenArchive {
 public:
  explicit OpenArchive(std::shared_ptr<arrow::io::RandomAccessFile> file)
      : input_(std::move(file)) {
    zlib_filefunc64_def functions = input_.Functions();
    handle_ = unzOpen2_64("", &functions);
  }
  ~OpenArchive() {
    if (handle_ != nullptr) unzClose(handle_);
  }
  OpenArchive(const OpenArchive&) = delete;
  OpenArchive& operator=(const OpenArchive&) = delete;

  unzFile handle() const { return handle_; }
  /// The input's own error where there is one.
  Status Corrupt(const std::string& what) const {
    return input_.error().ok() ? io::Corrupt(what) : input_.error();
  }

 private:
  ArchiveInput input_;
  unzFile handle_ = nullptr;
};

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return value;
}

// minizip 1.1 looks for the end of the directory, but not whether all of it is there; what is cut
// off it takes for zeros, and so the archive for an empty one.
Status CheckEnd(arrow::io::RandomAccessFile& archive, int64_t bytes) {
  constexpr size_t kEndBytes = 22;
  const int64_t most = std::min<int64_t>(bytes, kEndBytes + UINT16_MAX);
  ARROW_ASSIGN_OR_RAISE(const auto buffer, archive.ReadAt(bytes - most, most));
  const std::string_view tail(*buffer);
  for (size_t at = tail.size(); at != std::string_view::npos && at > 0;) {
    at = tail.rfind("PK\x05\x06", at - 1);
    if (at == std::string_view::npos || tail.size() - at < kEndBytes) continue;
    if (at + kEndBytes + LittleEndian(tail.substr(at + 20, 2)) == tail.size()) return Status::OK();
  }
  return Corrupt("the zip archive has no whole directory at its end");
}

// Numbers that stand in the zip64 field because they do, or might, not fit into 32 bits: those of
// `numbers` that are UINT32_MAX, in their order. minizip 1.1 leaves them as they are.
void ReadZip64(std::string_view extra, std::initializer_list<int64_t*> numbers) {
  while (extra.size() >= 4) {
    const uint64_t id = LittleEndian(extra.substr(0, 2));
    const uint64_t length = LittleEndian(extra.substr(2, 2));
    std::string_view field = extra.substr(4, length);
    extra.remove_prefix(std::min<size_t>(extra.size(), 4 + length));
    if (id != 1) continue;
    for (int64_t* number : numbers) {
      if (*number != UINT32_MAX || field.size() < 8) continue;
      *number = static_cast<int64_t>(LittleEndian(field.substr(0, 8)));
      field.remove_prefix(8);
    }
  }
}

// Where the packed bytes of a member begin: its entry in the directory says where its own header
// is, and that how long it is.
Result<int64_t> FindPacked(arrow::io::RandomAccessFile& archive, const ZipMember& member) {
  constexpr int64_t kEntryBytes = 46, kHeaderBytes = 30;
  const auto place = static_cast<int64_t>(member.place);
  ARROW_ASSIGN_OR_RAISE(const auto entry, archive.ReadAt(place, kEntryBytes));
  const std::string_view fixed(*entry);
  if (fixed.size() < kEntryBytes || fixed.substr(0, 4) != "PK\x01\x02") {
    return Corrupt("it has no entry in the directory");
  }
  const auto number = [&](size_t at, size_t bytes) {
    return static_cast<int64_t>(LittleEndian(fixed.substr(at, bytes)));
  };
  int64_t packed = number(20, 4), bytes = number(24, 4), offset = number(42, 4);
  ARROW_ASSIGN_OR_RAISE(const auto extra,
                        archive.ReadAt(place + kEntryBytes + number(28, 2), number(30, 2)));
  ReadZip64(std::string_view(*extra), {&bytes, &packed, &offset});
  ARROW_ASSIGN_OR_RAISE(const int64_t size, archive.GetSize());
  if (offset < 0 || offset > size - kHeaderBytes) return Corrupt("it has no header");
  ARROW_ASSIGN_OR_RAISE(const auto header, archive.ReadAt(offset, kHeaderBytes));
  const std::string_view own(*header);
  if (own.size() < kHeaderBytes || own.substr(0, 4) != "PK\x03\x04") {
    return Corrupt("it has no valid header");
  }
  return offset + kHeaderBytes + static_cast<int64_t>(LittleEndian(own.substr(26, 2))) +
         static_cast<int64_t>(LittleEndian(own.substr(28, 2)));
}

/// The packed bytes of a member, and what they unpack to. Sizes are of 64 bits, unlike minizip's.
class Unpacker {
 public:
  Unpacker(std::shared_ptr<arrow::io::RandomAccessFile> archive, const ZipMember& member)
      : archive_(std::move(archive)),
        deflated_(member.method == Z_DEFLATED),
        left_(member.packed_bytes),
        window_(64 << 10) {}
  ~Unpacker() {
    if (deflated_) inflateEnd(&stream_);
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  Status Begin(const ZipMember& member) {
    ARROW_ASSIGN_OR_RAISE(position_, FindPacked(*archive_, member));
    if (deflated_ && inflateInit2(&stream_, -MAX_WBITS) != Z_OK) {
      return MakeError(ErrorCode::kMemoryLimit, "no memory to unpack it");
    }
    return Status::OK();
  }

  /// At least one byte, or 0 where the packed bytes end. CorruptFile when they are no deflate.
  Result<int64_t> Read(int64_t bytes, uint8_t* out) {
    stream_.next_out = out;
    stream_.avail_out = static_cast<uInt>(std::min<int64_t>(bytes, 1 << 30));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted && !ended_) {
      if (stream_.avail_in == 0) ARROW_RETURN_NOT_OK(Fill());
      if (deflated_) {
        const int code = inflate(&stream_, Z_NO_FLUSH);
        ended_ = code == Z_STREAM_END || (code == Z_BUF_ERROR && stream_.avail_in == 0);
        if (code != Z_OK && !ended_) return Corrupt("its packed data is damaged");
      } else {
        const uInt take = std::min(stream_.avail_in, stream_.avail_out);
        std::memcpy(stream_.next_out, stream_.next_in, take);
        stream_.next_in += take;
        stream_.avail_in -= take;
        stream_.avail_out -= take;
        ended_ = take == 0;
      }
    }
    return int64_t{wanted} - int64_t{stream_.avail_out};
  }

 private:
  Status Fill() {
    const int64_t most = std::min(left_, static_cast<int64_t>(window_.size()));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, archive_->ReadAt(position_, most, window_.data()));
    position_ += got;
    left_ -= got;
    stream_.next_in = window_.data();
    stream_.avail_in = static_cast<uInt>(got);
    return Status::OK();
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> archive_;
  const bool deflated_;
  int64_t left_, position_ = 0;
  std::vector<uint8_t> window_;
  z_stream stream_{};
  bool ended_ = false;
};

Status CheckMember(const std::string& name, const ZipMember& member) {
  const bool possible = member.method == 0 ? member.bytes == member.packed_bytes
                                           : member.bytes / kDeflateRatioMax <= member.packed_bytes;
  if (possible && member.bytes >= 0 && member.packed_bytes >= 0) return Status::OK();
  return MakeError(ErrorCode::kCorruptFile, "the zip archive says that `" + name +
                                                "` unpacks from " +
                                                std::to_string(member.packed_bytes) + " bytes to " +
                                                std::to_string(member.bytes) + ", which cannot be");
}

class ZipMemberFile : public arrow::io::RandomAccessFile {
 public:
  ZipMemberFile(std::shared_ptr<arrow::io::RandomAccessFile> archive, std::string name,
                const ZipMember& member)
      : archive_(std::move(archive)), name_(std::move(name)), member_(member) {}

  Status Close() override {
    closed_ = true;
    open_.reset();
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return tell_; }
  Status Seek(int64_t position) override {
    tell_ = position;
    return Status::OK();
  }
  Result<int64_t> GetSize() override { return member_.bytes; }

  Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(tell_, bytes, out));
    tell_ += got;
    return got;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(tell_, bytes));
    tell_ += buffer->size();
    return buffer;
  }
  Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (open_ == nullptr || position < position_) ARROW_RETURN_NOT_OK(Begin());
    std::vector<uint8_t> skipped(position > position_ ? 64 << 10 : 0);
    while (position_ < position) {
      const int64_t step = std::min(position - position_, static_cast<int64_t>(skipped.size()));
      ARROW_ASSIGN_OR_RAISE(const int64_t got, Step(step, skipped.data()));
      if (got == 0) return 0;
    }
    int64_t done = 0;
    while (done < bytes) {
      ARROW_ASSIGN_OR_RAISE(const int64_t got,
                            Step(bytes - done, static_cast<uint8_t*>(out) + done));
      if (got == 0) break;
      done += got;
    }
    return done;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    const int64_t most = std::max<int64_t>(0, std::min(bytes, member_.bytes - position));
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(most));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, most, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  Status Begin() {
    open_ = std::make_unique<Unpacker>(archive_, member_);
    position_ = 0;
    crc_ = 0;
    checked_ = false;
    ARROW_RETURN_NOT_OK(AboutThis(open_->Begin(member_)));
    return member_.bytes == 0 ? Check() : Status::OK();
  }

  /// 0 only at the end.
  Result<int64_t> Step(int64_t bytes, uint8_t* out) {
    if (position_ == member_.bytes) return 0;
    const Result<int64_t> read = open_->Read(std::min(bytes, member_.bytes - position_), out);
    if (!read.ok()) return AboutThis(WithContext(read.status(), "near byte " + At()));
    if (*read == 0) return AboutThis(Corrupt("its packed data ends early, at byte " + At()));
    crc_ = crc32_z(crc_, out, static_cast<size_t>(*read));
    position_ += *read;
    if (position_ == member_.bytes) ARROW_RETURN_NOT_OK(Check());
    return *read;
  }

  Status Check() {
    if (std::exchange(checked_, true) || crc_ == member_.crc32) return Status::OK();
    return AboutThis(Corrupt("its CRC-32 is not what the archive says"));
  }

  std::string At() const { return std::to_string(position_) + " of its content"; }
  Status AboutThis(const Status& status) const {
    return status.ok() ? status
                       : WithContext(status, "`" + name_ + "` in the zip archive cannot be read");
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> archive_;
  const std::string name_;
  const ZipMember member_;
  std::mutex mutex_;
  std::unique_ptr<Unpacker> open_;
  int64_t position_ = 0, tell_ = 0;
  uLong crc_ = 0;
  bool checked_ = false, closed_ = false;
};

}  // namespace

bool IsZip(std::string_view first_bytes) {
  const std::string_view magic = first_bytes.substr(0, 4);
  return magic == "PK\x03\x04" || magic == "PK\x05\x06";
}

Result<ZipDirectory> ReadZipDirectory(std::shared_ptr<arrow::io::RandomAccessFile> archive) {
  ARROW_ASSIGN_OR_RAISE(const int64_t archive_bytes, archive->GetSize());
  ARROW_RETURN_NOT_OK(CheckEnd(*archive, archive_bytes));
  ARROW_ASSIGN_OR_RAISE(const auto magic, archive->ReadAt(0, 4));
  if (std::string_view(*magic) == "PK\x05\x06") return ZipDirectory();  // it has no member
  const OpenArchive open(std::move(archive));
  if (open.handle() == nullptr) return open.Corrupt("the zip archive has no valid directory");
  ZipDirectory directory;
  int64_t packed = 0;
  std::string name(UINT16_MAX, '\0'), extra(UINT16_MAX, '\0');
  int code = unzGoToFirstFile(open.handle());
  unz_global_info64 global{};
  if (unzGetGlobalInfo64(open.handle(), &global) != UNZ_OK || global.number_entry > kMembersMax) {
    return open.Corrupt("the zip archive has more than " + std::to_string(kMembersMax) + " files");
  }
  if (global.number_entry == 0) return directory;
  ZPOS64_T entries = 0;
  for (; code == UNZ_OK; code = unzGoToNextFile(open.handle())) {
    unz_file_info64 info{};
    unz64_file_pos place{};
    if (unzGetCurrentFileInfo64(open.handle(), &info, name.data(), name.size(), extra.data(),
                                extra.size(), nullptr, 0) != UNZ_OK ||
        unzGetFilePos64(open.handle(), &place) != UNZ_OK) {
      break;
    }
    ++entries;
    ZipMember member;
    member.bytes = static_cast<int64_t>(info.uncompressed_size);
    member.packed_bytes = static_cast<int64_t>(info.compressed_size);
    member.crc32 = static_cast<uint32_t>(info.crc);
    member.encrypted = (info.flag & kEncryptedFlag) != 0;
    member.method = static_cast<int>(info.compression_method);
    member.place = place.pos_in_zip_directory;
    ReadZip64(std::string_view(extra).substr(0, info.size_file_extra),
              {&member.bytes, &member.packed_bytes});
    const std::string_view text = std::string_view(name).substr(0, info.size_filename);
    packed += member.packed_bytes;
    if (member.packed_bytes < 0 || packed > archive_bytes) {
      return open.Corrupt("the files of the zip archive overlap or are cut off");
    }
    if (text.empty() || text.back() == '/') continue;
    if (!member.encrypted && (member.method == 0 || member.method == Z_DEFLATED)) {
      ARROW_RETURN_NOT_OK(CheckMember(std::string(text), member));
    }
    if (!directory.emplace(text, member).second) {
      return open.Corrupt("the zip archive holds `" + std::string(text) + "` twice");
    }
  }
  if (code != UNZ_END_OF_LIST_OF_FILE || entries != global.number_entry) {
    return open.Corrupt("the directory of the zip archive is damaged");
  }
  return directory;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenZipMember(
    std::shared_ptr<arrow::io::RandomAccessFile> archive, const std::string& name,
    const ZipMember& member) {
  if (member.encrypted) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "`" + name + "` in the zip archive is encrypted, which is not read",
                     "unpack the archive with its password");
  }
  if (member.method != 0 && member.method != Z_DEFLATED) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "`" + name + "` in the zip archive is packed by method " +
                         std::to_string(member.method) + ", which is not read",
                     "pack it again by deflate, as `zip` does");
  }
  return std::make_shared<ZipMemberFile>(std::move(archive), name, member);
}

}  // namespace millrace::io
