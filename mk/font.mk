# The kernel's screen font: a C file made from the Unifont that comes with GRUB.

grub_font := /usr/share/grub/unicode.pf2

build/font/font.c: build/tool/mkfont $(grub_font)
	@mkdir -p $(@D)
	$(call say,FONT,$@)
	$(quiet)build/tool/mkfont $(grub_font) $@
