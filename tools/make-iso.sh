#!/bin/bash
#
# tools/make-iso.sh IMAGE BOOT_ELF ARCHIVE GRUB_CFG
#
# Makes a bootable image of the three files: hybrid (CD, DVD, USB stick), for BIOS and UEFI, with
# GRUB in it.

set -u
readonly image=$1 boot=$2 archive=$3 config=$4
readonly tree=$image.tree

fail() {
    echo "make-iso: $*" >&2
    exit 1
}

for platform in i386-pc x86_64-efi; do
    [[ -f /usr/lib/grub/$platform/multiboot2.mod ]] ||
        fail "GRUB for $platform is missing: run tools/install-deps.sh"
done
grub-file --is-x86-multiboot2 "$boot" || fail "$boot has no multiboot2 header"

rm -rf "$tree"
mkdir -p "$tree/boot/grub"
cp "$boot" "$tree/boot/boot.elf"
cp "$archive" "$tree/boot/archive"
cp "$config" "$tree/boot/grub/grub.cfg"

# Only what grub.cfg uses, what helps at GRUB's prompt when it goes wrong, and the partition tables
# that grub-mkrescue's own first lines ask for under UEFI.
readonly modules="normal multiboot2 smbios regexp eval test all_video iso9660 echo ls cat reboot \
    part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos part_plan \
    part_sun part_sunpc"
grub-mkrescue --output="$image" --fonts= --locales= --themes= --install-modules="$modules" "$tree" \
    >"$image.log" 2>&1 ||
    fail "grub-mkrescue failed: $(tail -n 1 "$image.log") (log: $image.log)"
rm -rf "$tree"
