; The last words of a start that fails before there is long mode, and with it C: one line on the
; first serial port and on the screen. Everything else is refused by refuse() in main.c.

extern framebuffer_font
global boot_refuse_32

SERIAL           equ 0x3f8
SERIAL_STATUS    equ SERIAL + 5
STATUS_TX_EMPTY  equ 0x20
POLLS_MAX        equ 1000000        ; a missing or dead port must not stop us

LOADER_MAGIC     equ 0x36d76289
TAG_END          equ 0              ; Multiboot2 Specification 2.0, 3.6
TAG_FRAMEBUFFER  equ 8
TYPE_RGB         equ 1
TYPE_EGA         equ 2
EGA_WHITE        equ 0x0f00         ; attribute
FONT_FIRST       equ ' '
FONT_HEIGHT      equ 16
FONT_WIDTH       equ 8

struc tag
    .type       resd 1
    .bytes      resd 1
    .base       resd 2
    .pitch      resd 1
    .width      resd 1
    .height     resd 1
    .bits       resb 1
    .kind       resb 1
endstruc

section .text
bits 32

; EAX: text, zero-terminated. EDI: the loader's magic. ESI: its information. Does not return.
boot_refuse_32:
    mov ebp, eax
    call write_serial
    cmp edi, LOADER_MAGIC
    jne .halt
    call write_screen
.halt:
    cli
    hlt
    jmp .halt

; 115200 baud, 8N1, then the text at EBP.
write_serial:
    mov ebx, serial_setup
.register:
    movzx edx, word [ebx]
    mov al, [ebx + 2]
    out dx, al
    add ebx, 3
    cmp ebx, serial_setup_end
    jb .register

    mov ebx, ebp
.next:
    mov ah, [ebx]
    inc ebx
    test ah, ah
    jz .end
    call write_byte
    jmp .next
.end:
    mov ah, 13
    call write_byte
    mov ah, 10                      ; falls through

; Sends AH, or gives up.
write_byte:
    mov ecx, POLLS_MAX
    mov edx, SERIAL_STATUS
.wait:
    in al, dx
    test al, STATUS_TX_EMPTY
    loopz .wait
    mov al, ah
    mov edx, SERIAL
    out dx, al
    ret

; Finds the framebuffer in the loader's information at ESI, and writes the text at EBP on it.
write_screen:
    mov ecx, [esi]                  ; bytes in all
    add ecx, esi
    add esi, 8
.tag:
    lea eax, [esi + tag_size]
    cmp eax, ecx
    ja .none
    cmp dword [esi + tag.type], TAG_END
    je .none
    cmp dword [esi + tag.type], TAG_FRAMEBUFFER
    je .found
    mov eax, [esi + tag.bytes]
    add eax, 7
    and eax, ~7
    jz .none
    add esi, eax
    jmp .tag
.found:
    cmp dword [esi + tag.base + 4], 0
    jne .none
    mov edi, [esi + tag.base]
    cmp byte [esi + tag.kind], TYPE_EGA
    je write_ega
    cmp byte [esi + tag.kind], TYPE_RGB
    je write_rgb
.none:
    ret

write_ega:
    movzx eax, byte [ebp]
    inc ebp
    test al, al
    jz .done
    or eax, EGA_WHITE
    stosw
    jmp write_ega
.done:
    ret

; White on black, at the upper left corner of a screen of 24 or 32 bits per pixel.
write_rgb:
    movzx edx, byte [esi + tag.bits]
    shr edx, 3                      ; bytes per pixel
    cmp edx, 3
    jb .done
.glyph:
    movzx ebx, byte [ebp]
    inc ebp
    test bl, bl
    jz .done
    shl ebx, 4                      ; FONT_HEIGHT bytes each
    add ebx, framebuffer_font - FONT_FIRST * FONT_HEIGHT
    push edi
    mov ch, FONT_HEIGHT
.line:
    push edi
    mov ah, [ebx]
    inc ebx
    mov cl, FONT_WIDTH
.pixel:
    shl ah, 1
    sbb al, al                      ; all ones if the bit was set
    mov [edi], al
    mov [edi + 1], al
    mov [edi + 2], al
    add edi, edx
    dec cl
    jnz .pixel
    pop edi
    add edi, [esi + tag.pitch]
    dec ch
    jnz .line
    pop edi
    lea edi, [edi + edx * FONT_WIDTH]
    jmp .glyph
.done:
    ret

section .rodata
serial_setup:                       ; port, value
    dw SERIAL + 3
    db 0x80
    dw SERIAL
    db 1
    dw SERIAL + 1
    db 0
    dw SERIAL + 3
    db 0x03
    dw SERIAL + 2
    db 0x07
serial_setup_end:
